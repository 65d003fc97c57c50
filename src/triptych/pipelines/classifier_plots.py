"""The plots that any study of classifiers has: accuracy, confusion, reliability."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure


def draw_accuracy(scores: pd.DataFrame, title: str, told: str) -> Figure:
    """Draw the accuracy of every model with its 95 % interval, the first above.

    Args:
        scores: model, accuracy, accuracy_low, accuracy_high, of one split.
        title: of the plot.
        told: what the bars and the order are.
    """
    rows = scores.iloc[::-1]
    figure = Figure(figsize=(8, 0.35 * len(rows) + 1.4), layout="constrained")
    axes = figure.subplots()
    middle = 100 * rows["accuracy"]
    spread = [middle - 100 * rows["accuracy_low"], 100 * rows["accuracy_high"] - middle]
    axes.errorbar(middle, rows["model"], xerr=spread, fmt="o", capsize=3)
    axes.set(title=title, xlabel=f"Accuracy (%), bars: 95 % bootstrap{told}", ylabel="Model")
    axes.grid(alpha=0.3)
    return figure


def draw_confusion(
    counts: pd.DataFrame, models: Sequence[str], classes: Mapping[Any, str], truth: str
) -> Figure:
    """Draw the confusion matrices of some models, a panel each.

    Args:
        counts: model, label, n and the true class, of one split.
        models: that are drawn.
        classes: what each value of `label` is called, in order.
        truth: the column of the true class.
    """
    figure = Figure(figsize=(4.2 * len(models), 3.8), layout="constrained")
    panels = figure.subplots(1, len(models), squeeze=False)[0]
    for axes, name in zip(panels, models, strict=True):
        of_model = counts[counts["model"] == name]
        table = of_model.pivot(index=truth, columns="label", values="n")
        cells = table.loc[list(classes), list(classes)].to_numpy()
        axes.imshow(cells, cmap="Blues")
        for row in range(len(classes)):
            for column in range(len(classes)):
                colour = "white" if cells[row, column] > cells.max() / 2 else "black"
                axes.text(
                    column, row, f"{cells[row, column]:,}", ha="center", va="center", color=colour
                )
        axes.set_xticks(range(len(classes)), classes.values())
        axes.set_yticks(range(len(classes)), classes.values())
        axes.set(title=name, xlabel="Predicted class", ylabel="True class")
    return figure


def draw_reliability(rows: pd.DataFrame, predicted: str, observed: str) -> Figure:
    """Draw observed against predicted shares, a line a model.

    Args:
        rows: model, predicted, observed, of one split.
        predicted: what the probability is of.
        observed: what the share is of.
    """
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, label="as promised")
    for model, of_model in rows.groupby("model", sort=False):
        axes.plot(of_model["predicted"], of_model["observed"], "o-", label=model)
    axes.set(title="Are probabilities what they say?", xlabel=predicted, ylabel=observed)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure
