"""A drawn sample, on disk and decoded, once for all tests."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from triptych.vision.pixel_store import PhotoFiles, PhotoPixels
from triptych.vision.reading import CLASSES, list_photos
from triptych.vision.sample import write_sample
from triptych.vision.training import TrainingPhotos
from triptych.vision.validation import PhotoLimits, check_photos


def plain_photo(seed: int, side: int = 64) -> Image.Image:
    """Draw a smooth photo; another seed, another perceptual hash."""
    small = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)


LIMITS = PhotoLimits(max_side=8000, duplicate_bits=10, max_rejected_share=0.2)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a sample: 40 and 24 photos a class; not to be changed."""
    return write_sample(tmp_path_factory.mktemp("drawn"), {"train": 40, "test": 24}, seed=3)


@pytest.fixture(scope="session")
def photos(drawn: Path) -> pd.DataFrame:
    """Give its photos of ground, corn and weeds that may be used."""
    kept, _ = check_photos(list_photos(drawn), LIMITS)
    return kept[kept["label"] != "corn_weeds"].reset_index(drop=True)


@pytest.fixture(scope="session")
def decoded(
    drawn: Path, photos: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> TrainingPhotos:
    """Give them decoded at 32 pixels: learn from train, judge on test."""
    files = PhotoFiles([drawn / item for item in photos["item"]], 32, 8000)
    pixels = PhotoPixels.write(tmp_path_factory.mktemp("pixels") / "photos.npy", files)
    labels = photos["label"].map(CLASSES.index).to_numpy(dtype=np.int64)
    learn, judge = (np.flatnonzero(photos["split"] == split) for split in ("train", "test"))
    return TrainingPhotos(pixels, learn, judge, labels, 3)
