"""Reviews of the sample, prepared once for all tests."""

import numpy as np
import pandas as pd
import pytest

from triptych.nlp.nbsvm import Labels
from triptych.nlp.preprocessing import Document, Preparation
from triptych.nlp.sample import generate_reviews

Prepared = tuple[list[Document], Labels]


@pytest.fixture(scope="session")
def raw() -> pd.DataFrame:
    """Give 300 training and 150 test reviews, as a source gives them."""
    return generate_reviews({"train": 300, "test": 150}, seed=7)


@pytest.fixture(scope="session")
def training(raw: pd.DataFrame) -> Prepared:
    """Give the training reviews, prepared, with their labels."""
    return prepared(raw, "train")


@pytest.fixture(scope="session")
def judged(raw: pd.DataFrame) -> Prepared:
    """Give the test reviews, prepared, with their labels."""
    return prepared(raw, "test")


def prepared(raw: pd.DataFrame, split: str) -> Prepared:
    """Prepare the reviews of a split."""
    rows = raw[raw["split"] == split]
    return Preparation().prepare(rows["review"]), rows["polarity"].to_numpy(dtype=np.int64)
