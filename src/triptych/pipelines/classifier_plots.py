"""Plots of any classifiers: accuracy, confusion and reliability."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_PANELS = 4  # in a row


def draw_accuracy(scores: pd.DataFrame, title: str, explanation: str) -> Figure:
    """Draw the accuracy of every model with its 95 % interval, the first on top.

    `scores`: model, accuracy, accuracy_low, accuracy_high, of one split; `explanation` of the bars.
    """
    rows = scores.iloc[::-1]
    figure = Figure(figsize=(8, 0.35 * len(rows) + 1.4), layout="constrained")
    axes = figure.subplots()
    mean, low, high = (100 * rows[f"accuracy{end}"] for end in ("", "_low", "_high"))
    interval = f"95 % bootstrap{explanation}"
    bars = [mean - low, high - mean]
    axes.errorbar(mean, rows["model"], xerr=bars, fmt="o", capsize=3, label=interval)
    axes.set(title=title, xlabel="Accuracy (%)", ylabel="Model")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def draw_confusion(
    counts: pd.DataFrame, models: Sequence[str], classes: Mapping[Any, str], true_column: str
) -> Figure:
    """Draw the confusion matrices of some models, a panel each.

    `counts`: model, label, n and the true class, of one split; `classes`: the name of each value of
    `label`, in order.
    """
    from sklearn.metrics import ConfusionMatrixDisplay

    columns = min(len(models), _PANELS)
    lines = -(-len(models) // columns)
    figure = Figure(figsize=(4.2 * columns, 3.8 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes in panels[len(models) :]:
        axes.set_axis_off()
    for axes, name in zip(panels, models, strict=False):
        table = counts[counts["model"] == name].pivot(
            index=true_column, columns="label", values="n"
        )
        cells = table.loc[list(classes), list(classes)].to_numpy()
        display = ConfusionMatrixDisplay(cells, display_labels=list(classes.values()))
        display.plot(ax=axes, cmap="Blues", colorbar=False, values_format=",")
        axes.set(title=name, xlabel="Predicted class", ylabel="True class")
    return figure


def draw_reliability(rows: pd.DataFrame, predicted: str, observed: str) -> Figure:
    """Draw observed against predicted shares, a line per model: `rows` are model, predicted and
    observed of one split; the other arguments label the axes.
    """
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, label="calibrated")
    for model, of_model in rows.groupby("model", sort=False):
        axes.plot(of_model["predicted"], of_model["observed"], "o-", label=model)
    axes.set(title="Calibration", xlabel=predicted, ylabel=observed)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def show_sizes(axes: Axes, sizes: "pd.Series[int]") -> None:
    """Make the x axis logarithmic, with these sizes of training sets as its only ticks."""
    shown = sorted(sizes.unique())
    axes.set_xscale("log")
    axes.set_xticks(shown, [f"{size:,}" for size in shown])
    axes.minorticks_off()  # 3 × 10² and the like
