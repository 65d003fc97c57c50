"""The chosen classifier in the register, and what it and the version in production say."""

import logging
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from triptych.forecasting.storage import digest
from triptych.parameters.operations import RegistryParameters
from triptych.parameters.vision import VisionParameters
from triptych.pipelines.ts_common.periods import parse_as_of
from triptych.pipelines.vision.training import COLOURS
from triptych.registry.candidate import SERVED_PHOTOS, ClassifierCandidate
from triptych.registry.models import ModelRegistry
from triptych.registry.provenance import frame_sha256
from triptych.vision.classifier import NetworkMember, PhotoClassifier, Probabilities
from triptych.vision.listing import ListPhotos
from triptych.vision.storage import save_classifier

logger = logging.getLogger(__name__)

METRICS = ("n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "log_loss")
LABEL_COLUMNS = ("model_id", "item", "split", "label", "probabilities", "true_label")
_VALIDATION_BATCH = "test"
_EXAMPLES = 3


def prepare_photo_candidate(
    trained_photo_models: dict[str, PhotoClassifier],
    photo_ranking: list[str],
    photo_comparison: pd.DataFrame,
    selected_photos: pd.DataFrame,
    photo_source: ListPhotos,
    vision: VisionParameters,
    seed: int,
    as_of: str,
    today: str,
    registry: RegistryParameters,
) -> ClassifierCandidate:
    """Gather the chosen classifier, its data's digest and its figures on the test photos."""
    name = photo_ranking[0]
    rows = photo_comparison[photo_comparison["split"] == _VALIDATION_BATCH].to_dict("records")
    scores = {row["model"]: row for row in rows}
    learned = selected_photos[selected_photos["split"] == "train"]
    listed = vision.list_photos(photo_source, seed)
    paths = [str(path) for path in listed.paths(learned["item"].head(_EXAMPLES))]
    model = trained_photo_models[name]
    return ClassifierCandidate(
        kind="images",
        name=_name(model),
        algorithm=name,
        classifier=model,
        served=SERVED_PHOTOS,
        requirements=("keras", "matplotlib", "pillow", "tensorflow"),
        example=pd.DataFrame({"path": paths}),
        parameters=_parameters(model),
        features=["pixels"],
        metrics={_VALIDATION_BATCH: {key: round(float(scores[name][key]), 4) for key in METRICS}},
        data_sha256=frame_sha256(learned[["item", "label", "sha256"]]),
        as_of=parse_as_of(as_of, today).to_pydatetime(),
        promote_first=registry.promote_first,
        beats_baseline=all(
            scores[name]["accuracy"] > scores[colour]["accuracy"] for colour in COLOURS
        ),
    )


def label_photos(
    photo_registry: ModelRegistry,
    trained_photo_models: dict[str, PhotoClassifier],
    photo_ranking: list[str],
    photo_predictions: pd.DataFrame,
    photo_source: ListPhotos,
    vision: VisionParameters,
    seed: int,
) -> pd.DataFrame:
    """Label the validation and test photos by the version in production, and by the new one.

    Both stand on the same photos, so that a promotion can be decided on them.

    Returns:
        LABEL_COLUMNS: rows of `image_predictions`.
    """
    chosen = trained_photo_models[photo_ranking[0]]
    said = photo_predictions[photo_predictions["model"] == photo_ranking[0]]
    new = _model_id(chosen)
    chances = said[chosen.classes].to_numpy()
    tables = [_labels(new, said, chosen.classes, chances)]
    live = [
        row for row in photo_registry.list_models()
        if row["name"] == _name(chosen) and row["stage"] == "production"
    ]  # fmt: skip
    for row in live:
        logger.info("%s version %s labels the photos", row["name"], row["version"])
        if row["model_id"] != new:
            model = photo_registry.load(row)
            paths = vision.list_photos(photo_source, seed).paths(said["item"])
            chances = model.probabilities(paths)
            tables.append(_labels(row["model_id"], said, list(model.classes), chances))
    return pd.concat(tables, ignore_index=True)


def _labels(
    model_id: str, photos: pd.DataFrame, classes: list[str], chances: Probabilities
) -> pd.DataFrame:
    rounded = [
        {name: round(float(chance), 6) for name, chance in zip(classes, row, strict=True)}
        for row in chances
    ]
    return pd.DataFrame(
        {
            "model_id": model_id,
            "item": photos["item"].to_numpy(),
            "split": photos["split"].to_numpy(),
            "label": [classes[place] for place in chances.argmax(axis=1)],
            "probabilities": rounded,
            "true_label": photos["true_label"].to_numpy(),
        }
    )


def _name(model: PhotoClassifier) -> str:
    """Versions succeed each other among the models of the same classes."""
    return "-".join(["images", *model.classes])


def _model_id(model: PhotoClassifier) -> str:
    """The id that the register gives it: the digest of its files."""
    with TemporaryDirectory() as folder:
        save_classifier(model, Path(folder))
        return digest(Path(folder))


def _parameters(model: PhotoClassifier) -> dict[str, Any]:
    networks = [
        asdict(member.settings) for member in model.members if isinstance(member, NetworkMember)
    ]
    temperature = round(model.temperature, 4)
    return {"pixels": model.pixels, "temperature": temperature, "networks": networks}
