"""What the test photos say of the classifiers, once they are chosen, and what these go by."""

import logging
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.matching import look_up
from triptych.classification.significance import paired_tests
from triptych.parameters.vision import VisionParameters
from triptych.vision import metrics
from triptych.vision.classifier import PhotoClassifier
from triptych.vision.lime import Explanation, check_deletion, explain_photo
from triptych.vision.pixel_store import PhotoPixels
from triptych.vision.reading import CLASSES

logger = logging.getLogger(__name__)

DELETION_COLUMNS = (
    "item", "true_label", "label", "chance", "superpixels", "marked", "random", "share"
)  # fmt: skip


def predict_photos(
    trained_photo_models: dict[str, PhotoClassifier],
    selected_photos: pd.DataFrame,
    photo_pixels: PhotoPixels,
    photo_ranking: list[str],
    photo_validation: pd.DataFrame,
) -> pd.DataFrame:
    """Predict the test photos, once the ranking stands, beside the validation predictions.

    Returns:
        metrics.PREDICTION_COLUMNS and a column a class, best model first.
    """
    rows = np.flatnonzero(selected_photos["split"] == "test")
    tables = [photo_validation]
    for name in photo_ranking:
        model = trained_photo_models[name]
        chances = model.row_probabilities(photo_pixels.photos, rows)
        truth = selected_photos.iloc[rows]
        tables.append(metrics.predictions_table(name, truth, chances, model.classes))
    order = {name: place for place, name in enumerate(photo_ranking)}
    return pd.concat(tables, ignore_index=True).sort_values(
        "model", key=lambda names: names.map(order), kind="stable", ignore_index=True
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
    """Put all models in one table, on the same photos, with intervals and tests.

    Returns:
        `photo_comparison`, `photo_class_scores`, `photo_confusion`, `photo_reliability`,
        `photo_accuracy_by_origin`, `photo_pairs` and `photo_metrics` (metric, step, value).
    """
    classes = CLASSES[: vision.classes]
    about = selected_photos.set_index("item")
    scores = metrics.score_predictions(
        photo_predictions, classes, about["group"], resamples=vision.resamples, seed=seed
    )
    seconds = photo_timings.set_index("model")["seconds"]
    scores = scores.assign(seconds=look_up(scores["model"], seconds, "time of training"))
    return {
        "photo_comparison": scores,
        "photo_class_scores": metrics.score_classes(photo_predictions, classes),
        "photo_confusion": metrics.count_confusions(photo_predictions, classes),
        "photo_reliability": metrics.reliability_tables(photo_predictions),
        "photo_accuracy_by_origin": metrics.accuracy_by_origin(photo_predictions, about["origin"]),
        "photo_pairs": paired_tests(photo_predictions, photo_ranking, "true_label"),
        "photo_metrics": _metrics(scores, photo_curves),
    }


def explain_photos(
    photo_predictions: pd.DataFrame,
    selected_photos: pd.DataFrame,
    photo_pixels: PhotoPixels,
    trained_photo_models: dict[str, PhotoClassifier],
    photo_ranking: list[str],
    vision: VisionParameters,
    seed: int,
) -> dict[str, Any]:
    """Explain the chosen model's answers for a few test photos of each class, drawn at random.

    Returns:
        `photo_explanations`: Explanation by item; `photo_deletions` (DELETION_COLUMNS): what
        painting over the marked superpixels takes from the probability, and random ones.
    """
    model = trained_photo_models[photo_ranking[0]]
    said = photo_predictions[photo_predictions["model"] == photo_ranking[0]].set_index("item")
    of_test = selected_photos[selected_photos["split"] == "test"]
    drawn = of_test.groupby("number").sample(vision.explained_photos, random_state=seed)
    explanations: dict[str, Explanation] = {}
    rows = []
    for row, item in zip(drawn.index.to_numpy(), drawn["item"], strict=True):
        photo = np.asarray(photo_pixels.photos[row])
        explained = explain_photo(
            photo, model.photo_probabilities, samples=vision.explanation_samples, seed=seed
        )
        found = check_deletion(explained, model.photo_probabilities, seed=seed)
        answer = said.loc[item]
        rows.append((
            item, answer["true_label"], answer["label"], explained.chance, found.count,
            found.marked, found.random, found.share,
        ))  # fmt: skip
        explanations[str(item)] = explained
        logger.info("Explained %s of %s photos", len(rows), len(drawn))
    table = pd.DataFrame(rows, columns=list(DELETION_COLUMNS))
    return {"photo_explanations": explanations, "photo_deletions": table}


def _metrics(scores: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Every score as a metric of the run (`cnn.test.accuracy`), and the curves by epoch."""
    measures = ["accuracy", "macro_f1", "brier", "log_loss", "calibration_error"]
    long: Any = scores.melt(["model", "split"], measures, var_name="measure")
    long["metric"] = long["model"] + "." + long["split"] + "." + long["measure"]
    epochs: Any = curves.melt(
        ["model", "epoch"], ["loss", "accuracy", "valid_loss", "valid_accuracy"], "measure"
    )
    epochs["metric"] = epochs["model"] + ".training." + epochs["measure"]
    joined: pd.DataFrame = pd.concat(
        [long.assign(step=0), epochs.rename(columns={"epoch": "step"})], ignore_index=True
    )
    return joined[["metric", "step", "value"]]
