"""Plots of the review study; the catalog saves and tracks them."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from triptych.nlp.classifier import CLASSES
from triptych.nlp.config import BASELINE
from triptych.nlp.published import RNN_CURVE, TFIDF_CURVE
from triptych.pipelines.classifier_plots import (
    draw_accuracy,
    draw_confusion,
    draw_reliability,
    show_sizes,
)
from triptych.pipelines.nlp.frames import shown_models

_SHOWN_TERMS = 20


def plot_text_accuracy(text_comparison: pd.DataFrame, source: str, test_split: str) -> Figure:
    """Plot the accuracy of every model on the test split with its 95 % interval."""
    rows = text_comparison[text_comparison["split"] == test_split]
    title = f"Accuracy on {test_split} ({rows['n'].iloc[0]:,} {_items(source)})"
    return draw_accuracy(rows, title, "; best in cross-validation above")


def plot_text_confusion(
    text_confusion: pd.DataFrame, text_ranking: list[str], test_split: str
) -> Figure:
    """Plot the confusion matrices on the test split: shown_models side by side."""
    rows = text_confusion[text_confusion["split"] == test_split]
    return draw_confusion(rows, shown_models(text_ranking), dict(enumerate(CLASSES)), "y_true")


def plot_text_reliability(text_reliability: pd.DataFrame, test_split: str) -> Figure:
    """Plot the calibration on the test split of shown_models."""
    return draw_reliability(
        text_reliability[text_reliability["split"] == test_split],
        "Mean predicted probability of a positive review",
        "Observed share of positive reviews",
    )


def plot_text_learning_curve(text_learning_curve: pd.DataFrame, source: str) -> Figure:
    """Plot the accuracy on the test split by number of training reviews."""
    figure, axes = _one_panel((7, 4))
    for model, rows in text_learning_curve.groupby("model"):
        means = rows.groupby("size")[["accuracy", "low", "high"]].mean() * 100
        (line,) = axes.plot(means.index, means["accuracy"], "o-", label=model)
        axes.fill_between(
            means.index, means["low"], means["high"], alpha=0.15, color=line.get_color()
        )
    if source != "sample":
        for name, style, curve in (("TF-IDF", "s:", TFIDF_CURVE), ("RNN", "x:", RNN_CURVE)):
            label = f"{name}, published (Blard 2020)"
            axes.plot(list(curve), list(curve.values()), style, color="grey", label=label)
    show_sizes(axes, text_learning_curve["size"])
    axes.set(
        title=f"Accuracy by size of the training set ({_items(source)})",
        xlabel="Training reviews (log scale)",
        ylabel="Accuracy on the held-out split (%)",
    )
    axes.legend(fontsize="small")
    return figure


def plot_length_accuracy(accuracy_by_length: pd.DataFrame, test_split: str) -> Figure:
    """Plot the accuracy of shown_models on the test split by length of the review."""
    rows = accuracy_by_length[accuracy_by_length["split"] == test_split]
    figure, axes = _one_panel((7, 3.6))
    for shift, (model, of_model) in enumerate(rows.groupby("model", sort=False)):
        accuracy = 100 * of_model["accuracy"]
        errors = [accuracy - 100 * of_model["low"], 100 * of_model["high"] - accuracy]
        places = [place + 0.1 * shift for place in range(len(of_model))]
        axes.errorbar(places, accuracy, yerr=errors, fmt="o", capsize=3, label=model)
        names = of_model["words"].astype(str) + "\nn = " + of_model["n"].astype(str)
        axes.set_xticks(range(len(of_model)), names.tolist())
    axes.set(
        title="Accuracy by length of the review",
        xlabel="Words of the review",
        ylabel="Accuracy (%), bars: 95 %",
    )
    axes.legend(fontsize="small")
    return figure


def plot_lstm_changes(lstm_trials: pd.DataFrame, source: str) -> Figure:
    """Plot the accuracy of every trial of the LSTM, the best change above."""
    means = lstm_trials.groupby("change")["accuracy"].mean().round(9).sort_values(kind="stable")
    figure, axes = _one_panel((8, 0.32 * len(means) + 1.4))
    places = {change: place for place, change in enumerate(means.index)}
    for seed, rows in lstm_trials.groupby("seed"):
        places_of_seed = rows["change"].map(places)
        axes.plot(100 * rows["accuracy"], places_of_seed, "o", alpha=0.6, label=f"seed {seed}")
    axes.plot(100 * means, range(len(means)), "k|", markersize=14, label="mean")
    axes.axvline(100 * means[BASELINE], color="grey", linewidth=0.8)
    axes.set_yticks(range(len(means)), means.index.tolist())
    axes.set(
        title=f"LSTM, one change at a time ({_items(source)} of the training split)",
        xlabel=f"Accuracy on the held-out fifth (%), n = {lstm_trials['n'].iloc[0]:,} per seed",
        ylabel="Change",
    )
    axes.legend(fontsize="small")
    return figure


def plot_lstm_training(lstm_training: pd.DataFrame) -> Figure:
    """Plot loss and accuracy of the final networks by epoch, training and early-stopping split."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    for axes, measure in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for prefix, split, colour in (("", "training", "C0"), ("val_", "early stopping", "C1")):
            for member, rows in lstm_training.groupby("member"):
                label = split if member == 0 else None
                axes.plot(rows["epoch"], rows[prefix + measure], "o-", color=colour, label=label)
        axes.set(title=f"LSTM: {measure} of each network", xlabel="Epoch", ylabel=measure.title())
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return figure


def plot_top_features(top_features: pd.DataFrame) -> Figure:
    """Plot the most influential terms of the best classical model, a panel per member."""
    members = top_features[top_features["rank"] <= _SHOWN_TERMS].groupby("member", sort=False)
    figure = Figure(figsize=(4.2 * len(members), 6), layout="constrained")
    panels = figure.subplots(1, len(members), squeeze=False)[0]
    for axes, (member, of_member) in zip(panels, members, strict=True):
        rows = of_member.sort_values("weight")
        colours = ["#D55E00" if weight < 0 else "#0072B2" for weight in rows["weight"]]
        axes.barh([repr(term) for term in rows["term"]], rows["weight"], color=colours)
        axes.set(
            title=f"{member} (blue: positive, orange: negative)",
            xlabel="Mean contribution to the log-odds of positive",
            ylabel="Term",
        )
        axes.tick_params(axis="y", labelsize="x-small")
    return figure


def _one_panel(size: tuple[float, float]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.grid(alpha=0.3, which="both")
    return figure, axes


def _items(source: str) -> str:
    return "synthetic reviews" if source == "sample" else "reviews"
