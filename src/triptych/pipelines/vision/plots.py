"""Nodes that draw the plots of photo classifiers as matplotlib figures."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from triptych.parameters.vision import VisionParameters
from triptych.pipelines.classifier_plots import draw_accuracy, draw_confusion, draw_reliability
from triptych.vision.lime import Explanation

_SPLIT = "test"


def plot_photo_accuracy(photo_comparison: pd.DataFrame, vision: VisionParameters) -> Figure:
    """Draw the accuracy of every model on the test photos with its 95 % interval."""
    rows = photo_comparison[photo_comparison["split"] == _SPLIT]
    title = f"Accuracy on {rows['n'].iloc[0]:,} test {_kind(vision)}"
    return draw_accuracy(rows, title, " over groups; best on validation above")


def plot_photo_curves(photo_curves: pd.DataFrame, vision: VisionParameters) -> Figure:
    """Draw accuracy and loss by epoch, training and validation, a column per network."""
    models = photo_curves["model"].unique()
    figure = Figure(figsize=(3.8 * len(models) + 1, 5.4), layout="constrained")
    panels = figure.subplots(2, len(models), squeeze=False, sharex="col", sharey="row")
    for column, model in enumerate(models):
        rows = photo_curves[photo_curves["model"] == model]
        for axes, measure, factor in zip(
            panels[:, column], ("accuracy", "loss"), (100, 1), strict=True
        ):
            axes.plot(rows["epoch"], factor * rows[measure], label="training (augmented)")
            axes.plot(rows["epoch"], factor * rows[f"valid_{measure}"], label="validation")
            axes.grid(alpha=0.3)
        panels[0, column].set(title=str(model))
        panels[1, column].set(xlabel="Epoch")
    panels[0, 0].set(ylabel="Accuracy (%)")
    panels[1, 0].set(ylabel="Loss (cross-entropy)")
    panels[0, 0].legend(fontsize="small")
    figure.suptitle(f"Training on {_kind(vision)}")
    return figure


def plot_photo_confusion(photo_confusion: pd.DataFrame, photo_ranking: list[str]) -> Figure:
    """Draw the confusion matrices of the two best models on the test photos."""
    rows = photo_confusion[photo_confusion["split"] == _SPLIT]
    classes = {name: name for name in rows["label"].unique()}
    return draw_confusion(rows, photo_ranking[:2], classes, "true_label")


def plot_photo_reliability(photo_reliability: pd.DataFrame, photo_ranking: list[str]) -> Figure:
    """Draw accuracy against confidence, for the two best models on the test photos."""
    best = photo_reliability["model"].isin(photo_ranking[:2])
    return draw_reliability(
        photo_reliability[best & (photo_reliability["split"] == _SPLIT)],
        "Mean probability of the predicted class",
        "Share of photos that are of that class",
    )


def plot_photo_effects(photo_effects: pd.DataFrame) -> Figure:
    """Draw the validation accuracy of each change; bars span the seeds."""
    rows = photo_effects.iloc[::-1]
    figure = Figure(figsize=(8, 0.32 * len(rows) + 1.4), layout="constrained")
    axes = figure.subplots()
    mean, lowest, highest = (100 * rows[name] for name in ("accuracy", "lowest", "highest"))
    names = rows["factor"] + ": " + rows["level"]
    axes.errorbar(mean, names, xerr=[mean - lowest, highest - mean], fmt="o", capsize=3)
    axes.axvline(mean.iloc[-1], color="black", linewidth=0.8, linestyle=":", label="baseline")
    axes.set(
        title="One change at a time, a small network on some of the photos",
        xlabel="Validation accuracy (%), bars: lowest and highest seed",
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def plot_photo_explanations(
    photo_explanations: dict[str, Explanation], photo_deletions: pd.DataFrame
) -> Figure:
    """Draw explained photos with their predictions above the weights of their superpixels."""
    from skimage.segmentation import mark_boundaries

    columns = max(len(photo_explanations), 1)
    figure = Figure(figsize=(2.2 * columns, 5.2), layout="constrained")
    panels = figure.subplots(2, columns, squeeze=False)
    for axes in panels.ravel():
        axes.set_axis_off()
    for (above, below), row in zip(panels.T, photo_deletions.to_dict("records"), strict=False):
        explanation = photo_explanations[row["item"]]
        above.imshow(explanation.photo)
        above.set_title(
            f"true: {row['true_label']}\npredicted: {row['label']} {row['confidence']:.0%}",
            fontsize="small",
        )
        draw_boundaries: Any = mark_boundaries
        below.imshow(draw_boundaries(explanation.photo, explanation.segments, color=(1, 1, 1)))
        limit = max(abs(explanation.weights).max(), 1e-9)
        weights = explanation.weights[explanation.segments]
        below.imshow(weights, cmap="PiYG", vmin=-limit, vmax=limit, alpha=0.55)
        below.set_title(
            f"without LIME's: −{row['lime_drop']:.0%}\nwithout random: −{row['random_drop']:.0%}",
            fontsize="small",
        )
    figure.suptitle("LIME: green superpixels support the class, pink ones oppose it")
    return figure


def _kind(vision: VisionParameters) -> str:
    return "synthetic photos" if vision.source == "sample" else "photos"
