"""Nodes that evaluate the classifiers on the test photos, after their ranking, and explain them."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from triptych.classification.matching import look_up
from triptych.classification.metrics import count_confusions, paired_tests
from triptych.execution.parallel import run_networks
from triptych.execution.progress import track
from triptych.pipelines.vision.training import Models, Ranking, predict_split, selected_model
from triptych.vision import metrics
from triptych.vision.classifier import PhotoClassifier
from triptych.vision.config import CLASSES
from triptych.vision.decoding import Photo
from triptych.vision.lime import Explanation, check_deletion, explain_photo
from triptych.vision.training import MEASURES

DELETION_COLUMNS = (
    "item", "true_label", "label", "correct", "confidence", "superpixels", "lime_drop",
    "random_drop", "percentile",
)  # fmt: skip
_LOGGED_SCORES = ["accuracy", "macro_f1", "brier", "log_loss", "calibration_error"]


def predict_photos(
    trained_photo_models: Models,
    selected_photos: pd.DataFrame,
    photo_pixels: Photo,
    photo_ranking: Ranking,
    photo_validation: pd.DataFrame,
    n_jobs: int,
) -> pd.DataFrame:
    """Predict the test photos.

    Returns training.predict_split of validation and test, best model first.
    """
    test = predict_split(trained_photo_models, selected_photos, photo_pixels, "test", n_jobs)
    both = pd.concat([photo_validation, test])
    place = [
        photo_ranking[str(classes)].index(model)
        for classes, model in zip(both["classes"], both["model"], strict=True)
    ]
    both = both.assign(place=place).sort_values(["classes", "place"], kind="stable")
    return both.drop(columns="place").reset_index(drop=True)


def evaluate_photo_classifiers(
    photo_predictions: pd.DataFrame,
    selected_photos: pd.DataFrame,
    photo_timings: pd.DataFrame,
    photo_ranking: Ranking,
    photo_curves: pd.DataFrame,
    source: str,
    dataset: str,
    resamples: int,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Compare all models of each phase on the same photos, with intervals and tests.

    Returns `photo_comparison`, `photo_class_scores`, `photo_confusion`, `photo_reliability`,
    `photo_accuracy_by_origin` and `photo_pairs`, each with the column `classes`, and
    `photo_metrics` (metric, step, value).
    """
    photos = selected_photos.set_index("item")
    seconds = photo_timings.set_index(["classes", "model"])["seconds"]
    trained = photos.loc[photos["split"] == "train", "number"]

    def evaluate(classes: int, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
        labels = CLASSES[:classes]
        scores = metrics.score_predictions(
            rows, labels, photos["group"], resamples=resamples, seed=seed
        )
        time = look_up(scores["model"], seconds.loc[classes], "training time")
        name = "sample" if source == "sample" else dataset
        scores = scores.assign(
            dataset=name, training_photos=int((trained < classes).sum()), seconds=time
        )
        return {
            "photo_comparison": scores,
            "photo_class_scores": metrics.score_classes(rows, labels),
            "photo_confusion": count_confusions(rows, "true_label", labels),
            "photo_reliability": metrics.reliability_tables(rows),
            "photo_accuracy_by_origin": metrics.accuracy_by_origin(rows, photos["origin"]),
            "photo_pairs": paired_tests(rows, photo_ranking[str(classes)], "true_label"),
        }

    phases = {n: evaluate(int(str(n)), rows) for n, rows in photo_predictions.groupby("classes")}
    tables = {
        name: pd.concat({n: tables[name] for n, tables in phases.items()}, names=["classes"])
        .reset_index("classes").reset_index(drop=True)
        for name in next(iter(phases.values()))
    }  # fmt: skip
    return {**tables, "photo_metrics": _metrics(tables["photo_comparison"], photo_curves)}


def explain_photos(
    photo_predictions: pd.DataFrame,
    selected_photos: pd.DataFrame,
    photo_pixels: Photo,
    trained_photo_models: Models,
    photo_ranking: Ranking,
    explained_photos: int,
    explanation_samples: int,
    n_jobs: int,
    seed: int,
) -> dict[str, Any]:
    """Explain the selected model for a few random test photos of each class, right and wrong ones.

    Returns `photo_explanations`: Explanation by item; `photo_deletions`: DELETION_COLUMNS, see
    lime.check_deletion.
    """
    classes, name, model = selected_model(trained_photo_models, photo_ranking)
    chosen = photo_predictions["classes"].eq(classes) & photo_predictions["model"].eq(name)
    chosen &= photo_predictions["split"] == "test"
    found = photo_predictions[chosen].sample(frac=1, random_state=seed)
    found = found.assign(correct=found["label"] == found["true_label"])
    sample = found.groupby(["true_label", "correct"]).head(explained_photos)
    order = sample["true_label"].map(CLASSES.index)
    sample = sample.assign(order=order).sort_values(["order", "correct"], ascending=[True, False])
    place = pd.Series(selected_photos.index, index=selected_photos["item"])
    tasks = [
        partial(_explain, np.asarray(photo_pixels[row]), model, explanation_samples, seed)
        for row in place[sample["item"]]
    ]
    results = track(run_networks(tasks, n_jobs), "Explaining photos", len(tasks))
    explanations: dict[str, Explanation] = {}
    rows: list[dict[Any, Any]] = []
    for photo, (explanation, deletion) in zip(sample.to_dict("records"), results, strict=True):
        explanations[photo["item"]] = explanation
        rows.append({**photo, "confidence": explanation.confidence, **deletion})
    deletions = pd.DataFrame(rows, columns=list(DELETION_COLUMNS))
    return {"photo_explanations": explanations, "photo_deletions": deletions}


def _explain(
    photo: Photo, model: PhotoClassifier, samples: int, seed: int
) -> tuple[Explanation, dict[str, float]]:
    found = explain_photo(photo, model.photo_probabilities, samples=samples, seed=seed)
    return found, check_deletion(found, model.photo_probabilities, seed)


def _metrics(scores: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """The metrics of the run: scores (`cnn-4.test.accuracy`), and training curves by epoch."""
    key = ["classes", "model", "split"]
    long = scores.melt(key, _LOGGED_SCORES, "measure").assign(step=0)
    epochs = curves.rename(columns={"epoch": "step"}).assign(split="training")
    long = pd.concat([long, epochs.melt([*key, "step"], list(MEASURES), "measure")])
    model = long["model"] + "-" + long["classes"].astype(str)
    metric = model + "." + long["split"] + "." + long["measure"]
    return long.assign(metric=metric)[["metric", "step", "value"]].reset_index(drop=True)
