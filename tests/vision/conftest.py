"""A synthetic sample, on disk and decoded, once for all tests."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from triptych.vision.config import CLASSES
from triptych.vision.decoding import read_photos
from triptych.vision.reading import list_photos
from triptych.vision.sample import write_sample
from triptych.vision.training import TrainingPhotos
from triptych.vision.validation import validate_photos

LIMITS = (8000, 10)  # largest side, bits of near-duplicates


def plain_photo(seed: int, side: int = 64) -> Image.Image:
    """Generate a smooth photo; each seed has another perceptual hash."""
    small = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a sample: 40 and 24 photos of each class; read-only."""
    return write_sample(tmp_path_factory.mktemp("sample"), {"train": 40, "test": 24}, seed=3)


@pytest.fixture(scope="session")
def photos(sample: Path) -> pd.DataFrame:
    """Give its valid photos of ground, corn and weeds."""
    used, _ = validate_photos(list_photos(sample), *LIMITS)
    return used[used["label"] != "corn_weeds"].reset_index(drop=True)


@pytest.fixture(scope="session")
def decoded(sample: Path, photos: pd.DataFrame) -> TrainingPhotos:
    """Give them decoded at 32 pixels; validation takes the test photos."""
    pixels = read_photos([sample / item for item in photos["item"]], 32, 8000)
    labels = photos["label"].map(CLASSES.index).to_numpy(dtype=np.int64)
    training, validation = (np.flatnonzero(photos["split"] == name) for name in ("train", "test"))
    return TrainingPhotos(pixels, training, validation, labels, 3)
