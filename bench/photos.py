"""Photos: answers a second of the chosen classifiers, from files, beside their network alone.

The weights are drawn: speed does not depend on them.
"""

import json
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from kedro.framework.project import configure_project
from PIL import Image

from bench.alone import Row, peak_mb, run_alone
from triptych.classification.tf_runtime import start_keras
from triptych.commands.project import read_configuration
from triptych.parameters.vision import VisionParameters
from triptych.pipelines.vision.training import BLEND
from triptych.vision.backbones import build_network
from triptych.vision.classifier import NetworkMember, PhotoClassifier
from triptych.vision.config import NetworkSettings
from triptych.vision.decoding import read_photos
from triptych.vision.reading import CLASSES
from triptych.vision.sample import draw_photo

ROOT = Path(__file__).resolve().parent.parent
_BATCHES = (1, 8, 32, 128)
_LEAST = 64  # photos of a measurement


def measure() -> list[Row]:
    """The chosen model of the sample, and that of recorded photos, each in its own process."""
    return [*run_alone("photos", "of_the_sample"), *run_alone("photos", "of_recorded")]


def of_the_sample() -> list[Row]:
    """The network of the default study."""
    vision = _parameters("base")
    return _rates(vision, [next(iter(vision.networks))])


def of_recorded() -> list[Row]:
    """What was chosen on recorded photos, on drawn ones of their size."""
    results = (ROOT / "docs" / "results" / "vision.json").read_text(encoding="utf-8")
    vision, chosen = _parameters("live"), json.loads(results)["chosen"]
    return _rates(vision, vision.blend if chosen == BLEND else [chosen])


def _parameters(env: str) -> VisionParameters:
    configure_project("triptych")
    written = read_configuration(ROOT, env)["parameters"]["vision"]
    return VisionParameters.model_validate(written)


def _rates(vision: VisionParameters, names: list[str]) -> list[Row]:
    start_keras(1)
    classes = list(CLASSES[: vision.classes])
    members = [_draw_member(vision.networks[name], len(classes), vision.turns) for name in names]
    model = PhotoClassifier(classes, vision.pixels, vision.max_side, list(members))
    largest = max((member.settings for member in members), key=lambda settings: settings.pixels)
    alone = build_network(largest, len(classes))
    with tempfile.TemporaryDirectory() as folder:
        files = _draw_files(Path(folder), vision.pixels)
        seen = read_photos(files, largest.pixels, vision.max_side)
        whole = {size: _rate(model.probabilities, files, size) for size in _BATCHES}
        single = {size: _rate(alone.predict_on_batch, seen, size) for size in _BATCHES}
    name = f"photos of {vision.pixels} px, {' and '.join(names)}, {vision.turns} turns"
    network = f"{largest.backbone} at {largest.pixels} px alone, one view, decoded"
    return [
        *(
            _row(f"{name}: photos a second, {size} at once", whole[size], "1/s",
                 f"{network}: {single[size]:,.0f}")
            for size in _BATCHES
        ),
        _row(f"{name}: peak memory", peak_mb(), "MB", "no limit set"),
    ]  # fmt: skip


def _draw_member(settings: NetworkSettings, classes: int, turns: int) -> NetworkMember:
    return NetworkMember(settings, build_network(settings, classes).get_weights(), turns)


def _draw_files(folder: Path, pixels: int) -> list[Path]:
    rng = np.random.default_rng(1)
    files = []
    for number, label in enumerate(islice(cycle(CLASSES), max(_BATCHES))):
        photo = Image.fromarray(draw_photo(label, rng)).resize((pixels, pixels))
        files.append(folder / f"{number}.jpg")
        photo.save(files[-1], quality=88)
    return files


def _rate(work: Callable[[Any], Any], photos: Any, size: int) -> float:
    """Photos a second, so many at once; the first batch builds and traces, and is not counted."""
    work(photos[:size])
    batches = max(_LEAST // size, 1)
    started = time.monotonic()
    for start in range(0, batches * size, size):
        work(photos[start : start + size])
    return batches * size / (time.monotonic() - started)


def _row(what: str, value: float, unit: str, beside: str) -> Row:
    return {"what": what, "value": round(value, 1), "unit": unit, "beside": beside}
