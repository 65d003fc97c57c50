"""Nodes that draw the plots of photo classifiers as matplotlib figures."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from triptych.pipelines.classifier_plots import (
    draw_accuracy,
    draw_confusion,
    draw_reliability,
    show_sizes,
)
from triptych.pipelines.vision.training import Ranking, last_phase
from triptych.vision.ablation import BASELINE, DROPOUT, LEARNING_CURVE
from triptych.vision.config import CLASSES
from triptych.vision.decoding import Photo
from triptych.vision.lime import Explanation

_SPLIT = "test"
_EXAMPLES = 6  # photos per class


def plot_photo_accuracy(photo_comparison: pd.DataFrame, source: str, dataset: str) -> Figure:
    """Draw the accuracy of every model and phase on the test photos with its 95 % interval."""
    rows = photo_comparison[photo_comparison["split"] == _SPLIT]
    names = rows["model"] + ", " + rows["classes"].astype(str) + " classes"
    title = f"Accuracy on {rows['n'].max():,} test {_kind(source, dataset)}"
    explanation = " over groups; best on validation above"
    return draw_accuracy(rows.assign(model=names), title, explanation)


def plot_photo_curves(photo_curves: pd.DataFrame, source: str, dataset: str) -> Figure:
    """Draw accuracy and loss by epoch, training and validation; two rows per phase."""
    models, phases = photo_curves["model"].unique(), photo_curves["classes"].unique()
    size = (3.4 * len(models) + 1, 4.8 * len(phases))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(2 * len(phases), len(models), squeeze=False, sharex="col")
    for (classes, model), rows in photo_curves.groupby(["classes", "model"]):
        column, line = list(models).index(model), 2 * list(phases).index(classes)
        for axes, measure, factor in zip(
            panels[line : line + 2, column], ("accuracy", "loss"), (100, 1), strict=True
        ):
            axes.plot(rows["epoch"], factor * rows[measure], label="training (augmented)")
            axes.plot(rows["epoch"], factor * rows[f"valid_{measure}"], label="validation")
            axes.grid(alpha=0.3)
        panels[line, column].set(title=f"{model}, {classes} classes")
        panels[line, 0].set(ylabel="Accuracy (%)")
        panels[line + 1, 0].set(ylabel="Loss (cross-entropy)")
        panels[-1, column].set(xlabel="Epoch")
    panels[0, 0].legend(fontsize="small")
    figure.suptitle(f"Training on {_kind(source, dataset)}")
    return figure


def plot_photo_confusion(photo_confusion: pd.DataFrame, photo_ranking: Ranking) -> Figure:
    """Draw the confusion matrices of all models of the last phase on the test photos."""
    classes, names = last_phase(photo_ranking)
    chosen = photo_confusion["classes"].eq(classes) & photo_confusion["split"].eq(_SPLIT)
    shown = {name: name for name in CLASSES[:classes]}
    figure = draw_confusion(photo_confusion[chosen], names, shown, "true_label")
    figure.suptitle(f"Test photos, {classes} classes; best model on validation first")
    return figure


def plot_photo_reliability(photo_reliability: pd.DataFrame, photo_ranking: Ranking) -> Figure:
    """Draw accuracy against confidence, for the two best models of the last phase on test."""
    classes, names = last_phase(photo_ranking)
    chosen = photo_reliability["classes"].eq(classes) & photo_reliability["split"].eq(_SPLIT)
    return draw_reliability(
        photo_reliability[chosen & photo_reliability["model"].isin(names[:2])],
        "Mean probability of the predicted class",
        "Share of photos that are of that class",
    )


def plot_photo_effects(photo_effects: pd.DataFrame) -> Figure:
    """Draw what each setting changes in validation accuracy, with paired intervals over seeds."""
    rows = photo_effects[photo_effects["factor"] != BASELINE].iloc[::-1]
    figure = Figure(figsize=(9, 0.32 * len(rows) + 1.4), layout="constrained")
    axes = figure.subplots()
    mean, low, high = (100 * rows[f"change{end}"] for end in ("", "_low", "_high"))
    names = rows["factor"] + ": " + rows["level"]
    bars = [(mean - low).replace(np.inf, 0), (high - mean).replace(np.inf, 0)]
    axes.errorbar(mean, names, xerr=bars, fmt="o", capsize=3, label="mean, 95 % interval")
    axes.axvline(0, color="black", linewidth=0.8, linestyle=":", label="baseline")
    axes.set(
        title="One change at a time, against the baseline with the same seed",
        xlabel="Change of validation accuracy (points)", ylabel="Change",
    )  # fmt: skip
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def plot_photo_interaction(photo_trials: pd.DataFrame) -> Figure:
    """Draw dropout with and without batch normalisation, and the learning curve."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    grid = photo_trials[photo_trials["factor"].isin([BASELINE, DROPOUT])]
    for norm, rows in grid.groupby("batch_norm", sort=False):
        _draw_seeds(left, rows, "dropout", f"{'with' if norm else 'without'} batch normalisation")
    left.set(title="Dropout and batch normalisation", xlabel="Dropout rate")
    curve = photo_trials[photo_trials["factor"].isin([BASELINE, LEARNING_CURVE])]
    _draw_seeds(right, curve, "photos", "baseline")
    right.set(title="Learning curve", xlabel="Training photos")
    show_sizes(right, curve["photos"])
    for axes in (left, right):
        axes.set(ylabel="Validation accuracy (%)")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return figure


def plot_photo_examples(
    photo_predictions: pd.DataFrame,
    selected_photos: pd.DataFrame,
    photo_pixels: Photo,
    photo_ranking: Ranking,
    seed: int,
) -> Figure:
    """Draw some test photos of each class with the class and probability that is predicted."""
    classes, names = last_phase(photo_ranking)
    chosen = photo_predictions["classes"].eq(classes) & photo_predictions["split"].eq(_SPLIT)
    rows = photo_predictions[chosen & photo_predictions["model"].eq(names[0])]
    place = pd.Series(selected_photos.index, index=selected_photos["item"])
    size = (1.5 * _EXAMPLES + 0.6, 1.8 * classes + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(classes, _EXAMPLES, squeeze=False)
    for line, label in zip(panels, CLASSES[:classes], strict=True):
        of_class = rows[rows["true_label"] == label]
        shown = of_class.sample(min(_EXAMPLES, len(of_class)), random_state=seed)
        line[0].set_ylabel(label)
        for axes in line:
            axes.set(xticks=[], yticks=[], frame_on=False)
        for axes, row in zip(line, shown.to_dict("records"), strict=False):
            axes.imshow(photo_pixels[place[row["item"]]])
            colour = "black" if row["label"] == label else "tab:red"
            words = f"{row['label']} {row['confidence']:.0%}"
            axes.set_title(words, fontsize="small", color=colour)
    figure.suptitle(f"Test photos by true class (rows), predicted by {names[0]}; red: wrong")
    return figure


def plot_photo_explanations(
    photo_explanations: dict[str, Explanation], photo_deletions: pd.DataFrame
) -> Figure:
    """Draw explained photos beside the weights of their superpixels, a row per true class."""
    from skimage.segmentation import mark_boundaries

    by_class = dict(list(photo_deletions.groupby("true_label", sort=False)))
    columns = 2 * max((len(rows) for rows in by_class.values()), default=1)
    lines = max(len(by_class), 1)
    figure = Figure(figsize=(1.8 * columns, 2.4 * lines + 0.5), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False)
    for axes in panels.ravel():
        axes.set_axis_off()
    for line, rows in zip(panels, by_class.values(), strict=False):
        for place, row in enumerate(rows.to_dict("records")):
            left, right = line[2 * place : 2 * place + 2]
            explanation = photo_explanations[row["item"]]
            left.imshow(explanation.photo)
            left.set_title(
                f"true: {row['true_label']}\n{row['label']} {row['confidence']:.0%}",
                fontsize="small", color="black" if row["correct"] else "tab:red",
            )  # fmt: skip
            draw_boundaries: Any = mark_boundaries
            right.imshow(draw_boundaries(explanation.photo, explanation.segments, color=(1, 1, 1)))
            limit = max(abs(explanation.weights).max(), 1e-9)
            weights = explanation.weights[explanation.segments]
            right.imshow(weights, cmap="PiYG", vmin=-limit, vmax=limit, alpha=0.55)
            right.set_title(
                f"deleted: LIME {-row['lime_drop']:+.0%}\nrandom {-row['random_drop']:+.0%}",
                fontsize="small",
            )
    figure.suptitle("LIME: green superpixels support the predicted class, pink ones oppose it")
    return figure


def _draw_seeds(axes: Any, rows: pd.DataFrame, by: str, label: str) -> None:
    """Draw the mean accuracy by a setting; bars span the seeds."""
    accuracy = 100 * rows.groupby(by)["accuracy"].agg(["mean", "min", "max"])
    mean = accuracy["mean"]
    bars = [mean - accuracy["min"], accuracy["max"] - mean]
    axes.errorbar(mean.index, mean, yerr=bars, fmt="o-", capsize=3, label=label)


def _kind(source: str, dataset: str) -> str:
    return "synthetic photos" if source == "sample" else f"photos of {dataset}"
