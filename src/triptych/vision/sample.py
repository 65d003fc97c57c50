"""The embedded sample: drawn photos of a field from above, for work offline.

They have what makes real ones hard (light, soil, shade, size and number of plants vary more than
their greens) but prove nothing about quality on real ones.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from triptych.vision.decoding import Photo
from triptych.vision.reading import CLASSES

Numbers = npt.NDArray[np.float64]
SIDE = 96  # pixels
_FINE = 2  # drawn larger and shrunk: smooth edges
_SOIL = np.array([[150, 118, 90], [112, 84, 62], [170, 140, 112], [128, 104, 86]])
_LEAF = np.array([[92, 128, 58], [70, 112, 52], [116, 146, 74], [86, 120, 74]])
_ROUGHNESS = ((4, 16), (12, 12), (48, 10))  # cells a side, and how much each differs


@dataclass(frozen=True)
class _Canvas:
    """A photo that is being drawn."""

    draw: ImageDraw.ImageDraw
    rng: np.random.Generator
    green: Numbers

    def leaf(self, outline: Numbers) -> None:
        """Fill an outline, (n, 2), with the green of this photo, a little lighter or darker."""
        tone = self.green * self.rng.uniform(0.8, 1.2) + self.rng.normal(0, 5, 3)
        colour = tuple(np.clip(tone, 0, 255).astype(int).tolist())
        self.draw.polygon([(float(x), float(y)) for x, y in outline * _FINE], fill=colour)


def write_sample(folder: Path, counts: Mapping[str, int], seed: int) -> Path:
    """Write the sample below `folder`, unless it is there: a folder a split, in it one a class.

    Args:
        counts: photos a class of each split.
        seed: the same seed draws the same photos.

    Returns:
        The folder of this sample. It holds three faults too, for what follows to find.
    """
    sizes = "-".join(f"{split}{count}" for split, count in counts.items())
    target = folder / f"{sizes}-seed{seed}"
    if not target.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(dir=folder, prefix=".draft"))  # all of it, or nothing
        for split_number, (split, count) in enumerate(counts.items()):
            for label_number, label in enumerate(CLASSES):
                place = draft / split / label
                place.mkdir(parents=True)
                for number in range(count):
                    rng = np.random.default_rng((seed, split_number, label_number, number))
                    Image.fromarray(draw_photo(label, rng)).save(
                        place / f"{label}-{number:04d}.jpg", quality=88
                    )
        _plant_faults(draft, list(counts))
        draft.rename(target)
    return target


def draw_photo(label: str, rng: np.random.Generator) -> Photo:
    """Draw one photo of a class: (SIDE, SIDE, 3)."""
    image = Image.fromarray(_soil(rng)).resize((SIDE * _FINE,) * 2, Image.Resampling.BICUBIC)
    green = _LEAF[rng.integers(len(_LEAF))] * rng.uniform(0.8, 1.2)
    canvas = _Canvas(ImageDraw.Draw(image), rng, green)
    for _ in range(rng.integers(0, 5)):
        _stone(canvas)
    if label in {"corn", "corn_weeds"}:
        _row(canvas, int(rng.integers(2, 5)))
    if label in {"weeds", "corn_weeds"}:
        for _ in range(rng.integers(3, 9)):
            _weed(canvas, rng.uniform(4, SIDE - 4, 2))
    return _light(np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX)), rng)


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


def _row(canvas: _Canvas, plants: int) -> None:
    """Corn: narrow, bent leaves from a stem; the plants of a row stand in line."""
    rng = canvas.rng
    angle = rng.uniform(0, np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    middle = SIDE / 2 + rng.normal(0, 12, 2)
    steps = (np.arange(plants) - (plants - 1) / 2) * rng.uniform(20, 30)
    for step in steps:
        stem = middle + step * along + rng.normal(0, 2, 2)
        for turn in rng.uniform(0, 2 * np.pi, rng.integers(3, 6)):
            canvas.leaf(_blade(stem, turn, rng.uniform(14, 26), rng.uniform(1.4, 2.6), rng))


def _weed(canvas: _Canvas, stem: Numbers) -> None:
    """A weed: a few broad, short leaves around a stem."""
    rng = canvas.rng
    start, leaves = rng.uniform(0, 2 * np.pi), rng.integers(2, 6)
    for turn in start + 2 * np.pi * np.arange(leaves) / leaves + rng.normal(0, 0.2, leaves):
        length = rng.uniform(5, 11)
        canvas.leaf(_blade(stem, turn, length, length * rng.uniform(0.25, 0.42), rng))


def _blade(
    stem: Numbers, turn: float, length: float, half_width: float, rng: np.random.Generator
) -> Numbers:
    """The outline of a leaf, (n, 2): it leaves the stem at an angle and bends."""
    along = np.linspace(0, 1, 12)
    angle = turn + rng.normal(0, 0.5) * along
    steps = np.stack([np.cos(angle), np.sin(angle)], axis=1) * length / len(along)
    spine = stem + np.cumsum(steps, axis=0)
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1)
    width = half_width * np.sin(np.pi * along**0.8)[:, None]
    return np.concatenate([spine + across * width, (spine - across * width)[::-1]])


def _stone(canvas: _Canvas) -> None:
    rng = canvas.rng
    centre, radius = rng.uniform(0, SIDE, 2) * _FINE, rng.uniform(1, 4, 2) * _FINE
    tone = int(rng.uniform(90, 190))
    box = (*(centre - radius).tolist(), *(centre + radius).tolist())
    canvas.draw.ellipse(box, fill=(tone, tone, int(tone * 0.92)))


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


def _plant_faults(draft: Path, splits: Sequence[str]) -> None:
    """A copy across splits, a photo that breaks off, and a text that is named as a photo."""
    first, last = draft / splits[0] / "corn", draft / splits[-1] / "corn"
    judged = sorted(last.iterdir())[0]
    shutil.copy(judged, first / "copied.jpg")
    (first / "broken_off.jpg").write_bytes(judged.read_bytes()[:600])
    (first / "no_photo.jpg").write_text("This is no photo.\n")
