"""The embedded sample: synthetic photos of a field from above, for work offline.

They have what makes real ones hard (light, soil, shade, size and number of plants vary more than
their greens) but prove nothing about quality on real ones.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from triptych.vision.config import CLASSES
from triptych.vision.decoding import Photo

Numbers = npt.NDArray[np.float64]
SIDE = 96  # pixels
_FINE = 2  # drawn at this scale and shrunk, for smooth edges
_SOIL = np.array([[150, 118, 90], [112, 84, 62], [170, 140, 112], [128, 104, 86]])
_LEAF = np.array([[92, 128, 58], [70, 112, 52], [116, 146, 74], [86, 120, 74]])
_ROUGHNESS = ((4, 16), (12, 12), (48, 10))  # cells per side, and their standard deviation


def write_sample(folder: Path, counts: Mapping[str, int], seed: int) -> Path:
    """Write the sample below `folder`, unless it exists: a folder per split and class.

    Args:
        counts: photos per class of each split.
        seed: of the photos.

    Returns:
        The folder of this sample, which includes three faults.
    """
    sizes = "-".join(f"{split}{count}" for split, count in counts.items())
    target = folder / f"{sizes}-seed{seed}"
    if target.is_dir():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(dir=folder, prefix=".draft"))
    for split_number, (split, count) in enumerate(counts.items()):
        for label_number, label in enumerate(CLASSES):
            (draft / split / label).mkdir(parents=True)
            for number in range(count):
                rng = np.random.default_rng((seed, split_number, label_number, number))
                file = draft / split / label / f"{label}-{number:04d}.jpg"
                Image.fromarray(draw_photo(label, rng)).save(file, quality=88)
    first, *_, last = (draft / split / "corn" for split in counts)
    copied = min(last.iterdir())
    shutil.copy(copied, first / "copied.jpg")
    (first / "broken_off.jpg").write_bytes(copied.read_bytes()[:600])
    (first / "no_photo.jpg").write_text("This is no photo.\n")
    draft.rename(target)  # all of it, or nothing
    return target


def draw_photo(label: str, rng: np.random.Generator) -> Photo:
    """Draw one photo of a class: (SIDE, SIDE, 3)."""
    image = Image.fromarray(_soil(rng)).resize((SIDE * _FINE,) * 2, Image.Resampling.BICUBIC)
    plants = _Plants(ImageDraw.Draw(image), rng)
    for _ in range(rng.integers(0, 5)):
        plants.draw_stone()
    if label in {"corn", "corn_weeds"}:
        plants.draw_corn(int(rng.integers(2, 5)))
    if label in {"weeds", "corn_weeds"}:
        for _ in range(rng.integers(3, 9)):
            plants.draw_weed(rng.uniform(4, SIDE - 4, 2))
    return _light(np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX)), rng)


class _Plants:
    """The plants and stones of one photo, in one green."""

    def __init__(self, draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
        self._draw, self._rng = draw, rng
        self._green = _LEAF[rng.integers(len(_LEAF))] * rng.uniform(0.8, 1.2)

    def draw_stone(self) -> None:
        """A grey ellipse."""
        rng = self._rng
        centre, radius = rng.uniform(0, SIDE, 2) * _FINE, rng.uniform(1, 4, 2) * _FINE
        tone = int(rng.uniform(90, 190))
        box = (*(centre - radius).tolist(), *(centre + radius).tolist())
        self._draw.ellipse(box, fill=(tone, tone, int(tone * 0.92)))

    def draw_corn(self, count: int) -> None:
        """Plants in a row, with narrow, bent leaves."""
        rng = self._rng
        angle = rng.uniform(0, np.pi)
        along = np.array([np.cos(angle), np.sin(angle)])
        middle = SIDE / 2 + rng.normal(0, 12, 2)
        for step in (np.arange(count) - (count - 1) / 2) * rng.uniform(20, 30):
            stem = middle + step * along + rng.normal(0, 2, 2)
            for turn in rng.uniform(0, 2 * np.pi, rng.integers(3, 6)):
                self._draw_leaf(stem, turn, rng.uniform(14, 26), rng.uniform(1.4, 2.6))

    def draw_weed(self, stem: Numbers) -> None:
        """A few broad, short leaves around a stem."""
        rng = self._rng
        start, leaves = rng.uniform(0, 2 * np.pi), rng.integers(2, 6)
        for turn in start + 2 * np.pi * np.arange(leaves) / leaves + rng.normal(0, 0.2, leaves):
            length = rng.uniform(5, 11)
            self._draw_leaf(stem, turn, length, length * rng.uniform(0.25, 0.42))

    def _draw_leaf(self, stem: Numbers, turn: float, length: float, half_width: float) -> None:
        """A leaf that bends, a little lighter or darker than the others."""
        along = np.linspace(0, 1, 12)
        angle = turn + self._rng.normal(0, 0.5) * along
        steps = np.stack([np.cos(angle), np.sin(angle)], axis=1) * length / len(along)
        spine = stem + np.cumsum(steps, axis=0)
        across = np.stack([-np.sin(angle), np.cos(angle)], axis=1)
        across *= half_width * np.sin(np.pi * along**0.8)[:, None]
        outline = np.concatenate([spine + across, (spine - across)[::-1]]) * _FINE
        tone = self._green * self._rng.uniform(0.8, 1.2) + self._rng.normal(0, 5, 3)
        fill = tuple(np.clip(tone, 0, 255).astype(int).tolist())
        self._draw.polygon([(float(x), float(y)) for x, y in outline], fill=fill)


def _soil(rng: np.random.Generator) -> Photo:
    """Brown, rough at several scales."""
    rough = np.zeros((SIDE, SIDE))
    for cells, depth in _ROUGHNESS:
        grain = Image.fromarray(rng.normal(0, depth, (cells, cells)).astype(np.float32))
        rough += np.asarray(grain.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    colour = _SOIL[rng.integers(len(_SOIL))] * rng.uniform(0.75, 1.2)
    noise = rng.normal(0, 6, (SIDE, SIDE, 1))
    soil: Photo = np.clip(colour + rough[..., None] + noise, 0, 255).astype(np.uint8)
    return soil


def _light(photo: Photo, rng: np.random.Generator) -> Photo:
    """The camera: a slope of light, a shade, white balance, noise."""
    across, down = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))
    slope = 1 + rng.normal(0, 0.12) * across + rng.normal(0, 0.12) * down
    if rng.random() < 0.3:  # noqa: PLR2004
        edge = rng.normal(0, 1, 2) @ np.stack([across.ravel(), down.ravel()])
        slope *= np.where(edge.reshape(SIDE, SIDE) > rng.normal(0, 0.5), 1, 0.6)
    balance = rng.uniform(0.9, 1.1, 3)
    lit = photo * slope[..., None] * balance + rng.normal(0, 4, photo.shape)
    return np.clip(lit, 0, 255).astype(np.uint8)
