"""The plots of the photo study. Each gives a matplotlib figure; the catalog writes and tracks."""

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
    """Draw accuracy and loss by epoch, training and validation, a column a network."""
    models = photo_curves["model"].unique()
    figure = Figure(figsize=(3.8 * len(models) + 1, 5.4), layout="constrained")
    panels = figure.subplots(2, len(models), squeeze=False, sharex="col", sharey="row")
    for column, model in enumerate(models):
        rows = photo_curves[photo_curves["model"] == model]
        for axes, measure, factor in (
            (panels[0, column], "accuracy", 100),
            (panels[1, column], "loss", 1),
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
    """Draw how often the named class is right against its probability, two best models, test."""
    of_best = photo_reliability["model"].isin(photo_ranking[:2])
    return draw_reliability(
        photo_reliability[of_best & (photo_reliability["split"] == _SPLIT)],
        "Mean probability of the predicted class",
        "Share of photos that are of that class",
    )


def plot_photo_effects(photo_effects: pd.DataFrame) -> Figure:
    """Draw what each change did to validation accuracy; bars reach over the seeds."""
    rows = photo_effects.iloc[::-1]
    figure = Figure(figsize=(8, 0.32 * len(rows) + 1.4), layout="constrained")
    axes = figure.subplots()
    names = rows["factor"] + ": " + rows["level"]
    middle = 100 * rows["accuracy"]
    spread = [middle - 100 * rows["lowest"], 100 * rows["highest"] - middle]
    axes.errorbar(middle, names, xerr=spread, fmt="o", capsize=3)
    base = photo_effects["accuracy"].iloc[0]
    axes.axvline(100 * base, color="black", linewidth=0.8, linestyle=":", label="baseline")
    axes.set(
        title="One change at a time, a small network on a part of the photos",
        xlabel="Validation accuracy (%), bars: lowest and highest seed",
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def plot_photo_explanations(
    photo_explanations: dict[str, Explanation], photo_deletions: pd.DataFrame
) -> Figure:
    """Draw explained photos, their predictions, and the superpixels that speak for it."""
    from skimage.segmentation import mark_boundaries

    columns = max(len(photo_explanations), 1)
    figure = Figure(figsize=(2.2 * columns, 5.2), layout="constrained")
    panels = figure.subplots(2, columns, squeeze=False)
    for axes in panels.ravel():
        axes.set_axis_off()
    for column, row in enumerate(photo_deletions.to_dict("records")):
        told = photo_explanations[row["item"]]
        panels[0, column].imshow(told.photo)
        panels[0, column].set_title(
            f"true: {row['true_label']}\npredicted: {row['label']} {told.chance:.0%}",
            fontsize="small",
        )
        shown: Any = mark_boundaries
        panels[1, column].imshow(shown(told.photo, told.segments, color=(1, 1, 1)))
        most = max(abs(told.weights).max(), 1e-9)
        panels[1, column].imshow(
            told.weights[told.segments], cmap="PiYG", vmin=-most, vmax=most, alpha=0.55
        )
        panels[1, column].set_title(
            f"without marked: −{row['marked']:.0%}\nwithout random: −{row['random']:.0%}",
            fontsize="small",
        )
    figure.suptitle("LIME: green superpixels speak for the class, pink ones against it")
    return figure


def _kind(vision: VisionParameters) -> str:
    return "synthetic photos" if vision.source == "sample" else "photos"
