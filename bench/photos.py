"""Photos per second of the selected classifiers, from files, compared with their network alone.

Weights are random: speed does not depend on them.
"""

import json
import tempfile
import time
from collections.abc import Callable
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from kedro.framework.project import configure_project
from PIL import Image

from bench.results import ROOT, Row, peak_mb, row, run_isolated
from triptych.classification.tf_runtime import start_keras
from triptych.commands.project import read_configuration
from triptych.parameters.vision import VisionParameters
from triptych.pipelines.vision.training import BLEND
from triptych.vision.classifier import NetworkMember, PhotoClassifier
from triptych.vision.config import CLASSES, NetworkSettings
from triptych.vision.decoding import read_photos
from triptych.vision.networks import build_network
from triptych.vision.sample import draw_photo

BATCH_SIZES = (1, 8, 32, 128)
MIN_PHOTOS = 64  # per measurement


def measure() -> list[Row]:
    """Measure the selected models of synthetic and of real photos, in separate processes."""
    models = (run_isolated("photos", "measure_model", env) for env in ("base", "live"))
    return list(chain.from_iterable(models))


def measure_model(env: str) -> list[Row]:
    """Measure the model selected in an environment on synthetic photos of its size."""
    configure_project("triptych")
    parameters = read_configuration(ROOT, env)["parameters"]["vision"]
    vision = VisionParameters.model_validate(parameters)
    names = [next(iter(vision.networks))]
    if env == "live":
        results = (ROOT / "docs" / "results" / "vision.json").read_text(encoding="utf-8")
        chosen = json.loads(results)["chosen"]
        names = vision.blend if chosen == BLEND else [chosen]
    start_keras(1)
    classes = list(CLASSES[: max(vision.phases)])
    members = [
        _make_member(vision.networks[name], len(classes), vision.tta_views) for name in names
    ]
    model = PhotoClassifier(classes, vision.image_size, vision.max_side, list(members))
    largest = max((member.settings for member in members), key=lambda settings: settings.image_size)
    alone = build_network(largest, len(classes))
    with tempfile.TemporaryDirectory() as folder:
        files = _write_photos(Path(folder), vision.image_size)
        decoded = read_photos(files, largest.image_size, vision.max_side)
        rates = [_rate(model.probabilities, files, size) for size in BATCH_SIZES]
        single = [_rate(alone.predict_on_batch, decoded, size) for size in BATCH_SIZES]
    name = f"photos of {vision.image_size} px, {' and '.join(names)}, {vision.tta_views} views"
    network = f"{largest.backbone} at {largest.image_size} px alone, one view, decoded"
    rows = []
    for size, rate, other in zip(BATCH_SIZES, rates, single, strict=True):
        what, beside = f"{name}: photos per second, batch size {size}", f"{network}: {other:,.0f}"
        rows.append(row(what, rate, "1/s", beside, digits=1))
    return [*rows, row(f"{name}: peak memory", peak_mb(), "MB")]


def _make_member(settings: NetworkSettings, classes: int, tta_views: int) -> NetworkMember:
    return NetworkMember(settings, build_network(settings, classes).get_weights(), tta_views)


def _write_photos(folder: Path, pixels: int) -> list[Path]:
    rng = np.random.default_rng(1)
    files = []
    for number, label in enumerate(islice(cycle(CLASSES), max(BATCH_SIZES))):
        photo = Image.fromarray(draw_photo(label, rng)).resize((pixels, pixels))
        files.append(folder / f"{number}.jpg")
        photo.save(files[-1], quality=88)
    return files


def _rate(work: Callable[[Any], Any], photos: Any, size: int) -> float:
    """Return photos per second; the first batch, which includes tracing, is not measured."""
    work(photos[:size])
    batches = max(MIN_PHOTOS // size, 1)
    started = time.monotonic()
    for start in range(0, batches * size, size):
        work(photos[start : start + size])
    return batches * size / (time.monotonic() - started)
