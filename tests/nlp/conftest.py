"""Reviews of the sample, prepared once for all tests."""

import numpy as np
import pandas as pd
import pytest

from triptych.nlp.classifier import Labels
from triptych.nlp.preprocessing import Document, Preparation
from triptych.nlp.sample import generate_reviews

Prepared = tuple[list[Document], Labels]
OTHER = Document("autre chose zzz", "autre chose zzz", "autr chos zzz")  # of no review


@pytest.fixture(scope="session")
def raw() -> pd.DataFrame:
    """Return 300 training and 150 test reviews, as a source returns them."""
    return generate_reviews({"train": 300, "test": 150}, seed=7)


@pytest.fixture(scope="session")
def training(raw: pd.DataFrame) -> Prepared:
    """Return the training reviews, prepared, with their labels."""
    return prepared(raw, "train")


@pytest.fixture(scope="session")
def held_out(raw: pd.DataFrame) -> Prepared:
    """Return the test reviews, prepared, with their labels."""
    return prepared(raw, "test")


def prepared(raw: pd.DataFrame, split: str) -> Prepared:
    """Prepare the reviews of a split."""
    rows = raw[raw["split"] == split]
    return Preparation().prepare(rows["review"]), rows["polarity"].to_numpy(dtype=np.int64)
