"""Nodes that evaluate the classifiers on the test photos, after their ranking, and explain them."""

import logging
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.matching import look_up
from triptych.classification.metrics import count_confusions
from triptych.classification.significance import paired_tests
from triptych.parameters.vision import VisionParameters
from triptych.pipelines.vision.training import predict_split
from triptych.vision import metrics
from triptych.vision.classifier import PhotoClassifier
from triptych.vision.config import CLASSES
from triptych.vision.decoding import Photo
from triptych.vision.lime import Explanation, check_deletion, explain_photo
from triptych.vision.training import MEASURES

logger = logging.getLogger(__name__)

DELETION_COLUMNS = (
    "item", "true_label", "label", "confidence", "superpixels", "lime_drop", "random_drop",
    "percentile",
)  # fmt: skip
_LOGGED_SCORES = ["accuracy", "macro_f1", "brier", "log_loss", "calibration_error"]


def predict_photos(
    trained_photo_models: dict[str, PhotoClassifier],
    selected_photos: pd.DataFrame,
    photo_pixels: Photo,
    photo_ranking: list[str],
    photo_validation: pd.DataFrame,
) -> pd.DataFrame:
    """Predict the test photos.

    Returns:
        metrics.predictions_table of validation and test, best model first.
    """
    test = predict_split(trained_photo_models, selected_photos, photo_pixels, "test")
    return pd.concat([photo_validation, test]).sort_values(
        "model", key=lambda names: names.map(photo_ranking.index), kind="stable", ignore_index=True
    )


def evaluate_photo_classifiers(
    photo_predictions: pd.DataFrame,
    selected_photos: pd.DataFrame,
    photo_timings: pd.DataFrame,
    photo_ranking: list[str],
    photo_curves: pd.DataFrame,
    vision: VisionParameters,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Compare all models on the same photos, with intervals and tests.

    Returns:
        `photo_comparison`, `photo_class_scores`, `photo_confusion`, `photo_reliability`,
        `photo_accuracy_by_origin`, `photo_pairs` and `photo_metrics` (metric, step, value).
    """
    classes = CLASSES[: vision.classes]
    photos = selected_photos.set_index("item")
    scores = metrics.score_predictions(
        photo_predictions, classes, photos["group"], resamples=vision.resamples, seed=seed
    )
    seconds = photo_timings.set_index("model")["seconds"]
    scores = scores.assign(seconds=look_up(scores["model"], seconds, "training time"))
    return {
        "photo_comparison": scores,
        "photo_class_scores": metrics.score_classes(photo_predictions, classes),
        "photo_confusion": count_confusions(photo_predictions, "true_label", classes),
        "photo_reliability": metrics.reliability_tables(photo_predictions),
        "photo_accuracy_by_origin": metrics.accuracy_by_origin(photo_predictions, photos["origin"]),
        "photo_pairs": paired_tests(photo_predictions, photo_ranking, "true_label"),
        "photo_metrics": _metrics(scores, photo_curves),
    }


def explain_photos(
    photo_predictions: pd.DataFrame,
    selected_photos: pd.DataFrame,
    photo_pixels: Photo,
    trained_photo_models: dict[str, PhotoClassifier],
    photo_ranking: list[str],
    vision: VisionParameters,
    seed: int,
) -> dict[str, Any]:
    """Explain the predictions of the selected model for a few random test photos of each class.

    Returns:
        `photo_explanations`: Explanation by item; `photo_deletions`: DELETION_COLUMNS, see
        lime.check_deletion.
    """
    model = trained_photo_models[photo_ranking[0]]
    predictions = photo_predictions[photo_predictions["model"] == photo_ranking[0]]
    labels = predictions.set_index("item")["label"]
    test = selected_photos[selected_photos["split"] == "test"]
    sample = test.groupby("number").sample(vision.explained_photos, random_state=seed)
    explanations: dict[str, Explanation] = {}
    rows = []
    for row, item, true_label in zip(sample.index, sample["item"], sample["label"], strict=True):
        explanation = explain_photo(
            np.asarray(photo_pixels[row]), model.photo_probabilities,
            samples=vision.explanation_samples, seed=seed,
        )  # fmt: skip
        explanations[item] = explanation
        rows.append(
            {
                "item": item, "true_label": true_label, "label": labels[item],
                "confidence": explanation.confidence,
                **check_deletion(explanation, model.photo_probabilities, seed),
            }
        )  # fmt: skip
        logger.info("Explained %s of %s photos", len(rows), len(sample))
    deletions = pd.DataFrame(rows, columns=list(DELETION_COLUMNS))
    return {"photo_explanations": explanations, "photo_deletions": deletions}


def _metrics(scores: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """The metrics of the run: scores (`cnn.test.accuracy`), and training curves by epoch."""
    long = scores.melt(["model", "split"], _LOGGED_SCORES, "measure").assign(step=0)
    epochs = curves.rename(columns={"epoch": "step"}).assign(split="training")
    long = pd.concat([long, epochs.melt(["model", "split", "step"], list(MEASURES), "measure")])
    metric = long["model"] + "." + long["split"] + "." + long["measure"]
    return long.assign(metric=metric)[["metric", "step", "value"]].reset_index(drop=True)
