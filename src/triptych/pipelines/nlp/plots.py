"""The plots of the review study. Each gives a matplotlib figure; the catalog writes and tracks."""

import pandas as pd
from matplotlib.figure import Figure

from triptych.nlp.lstm_config import BASE
from triptych.nlp.published import RNN_CURVE, TFIDF_CURVE
from triptych.parameters.reviews import ReviewParameters
from triptych.pipelines.classifier_plots import draw_accuracy, draw_confusion, draw_reliability

CLASSES = ("negative", "positive")
SHOWN_TERMS = 20


def plot_text_accuracy(text_comparison: pd.DataFrame, nlp: ReviewParameters) -> Figure:
    """Draw the accuracy of every model on the test split with its 95 % interval."""
    rows = text_comparison[text_comparison["split"] == nlp.test_split]
    title = f"Accuracy on {nlp.test_split} ({rows['n'].iloc[0]:,} {_kind(nlp)})"
    return draw_accuracy(rows, title, "; best in cross-validation above")


def plot_text_confusion(
    text_confusion: pd.DataFrame, text_ranking: list[str], nlp: ReviewParameters
) -> Figure:
    """Draw the confusion matrices of the two best models on the test split."""
    rows = text_confusion[text_confusion["split"] == nlp.test_split]
    return draw_confusion(rows, text_ranking[:2], dict(enumerate(CLASSES)), "polarity")


def plot_text_reliability(text_reliability: pd.DataFrame, nlp: ReviewParameters) -> Figure:
    """Draw observed against predicted shares of positive reviews, test split, two best models."""
    return draw_reliability(
        text_reliability[text_reliability["split"] == nlp.test_split],
        "Mean predicted probability of a positive review",
        "Observed share of positive reviews",
    )


def plot_text_learning_curve(
    text_learning_curve: pd.DataFrame, lstm_learning_curve: pd.DataFrame, nlp: ReviewParameters
) -> Figure:
    """Draw accuracy on the test split against the number of training reviews."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    curves = pd.concat([text_learning_curve, lstm_learning_curve])
    for model, rows in curves.groupby("model", sort=False):
        by_size = rows.groupby("size")[["accuracy", "low", "high"]].mean() * 100
        (line,) = axes.plot(by_size.index, by_size["accuracy"], "o-", label=model)
        axes.fill_between(
            by_size.index, by_size["low"], by_size["high"], alpha=0.15, color=line.get_color()
        )
    if nlp.source != "sample":
        for name, sign, published in (("TF-IDF", "s:", TFIDF_CURVE), ("RNN", "x:", RNN_CURVE)):
            axes.plot(
                list(published), list(published.values()), sign, color="grey",
                label=f"{name}, published (Blard 2020)",
            )  # fmt: skip
    axes.set_xscale("log")
    axes.set(
        title=f"Accuracy by size of the training set ({_kind(nlp)})",
        xlabel="Training reviews (log scale)",
        ylabel="Accuracy on the test split (%)",
    )
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize="small")
    return figure


def plot_length_accuracy(accuracy_by_length: pd.DataFrame, nlp: ReviewParameters) -> Figure:
    """Draw accuracy on the test split by length of the review, two best models."""
    rows = accuracy_by_length[accuracy_by_length["split"] == nlp.test_split]
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    for shift, (model, of_model) in enumerate(rows.groupby("model", sort=False)):
        middle = 100 * of_model["accuracy"]
        spread = [middle - 100 * of_model["low"], 100 * of_model["high"] - middle]
        places = [place + 0.1 * shift for place in range(len(of_model))]
        axes.errorbar(places, middle, yerr=spread, fmt="o", capsize=3, label=model)
        names = of_model["words"].astype(str) + "\nn = " + of_model["n"].astype(str)
        axes.set_xticks(range(len(of_model)), names.tolist())
    axes.set(
        title="Accuracy by length of the review",
        xlabel="Words of the review",
        ylabel="Accuracy (%), bars: 95 %",
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def plot_lstm_changes(lstm_trials: pd.DataFrame, nlp: ReviewParameters) -> Figure:
    """Draw the accuracy of every trial of the LSTM, a row a change, the best mean above."""
    means = lstm_trials.groupby("change")["accuracy"].mean().round(9).sort_values(kind="stable")
    figure = Figure(figsize=(8, 0.32 * len(means) + 1.4), layout="constrained")
    axes = figure.subplots()
    places = {change: place for place, change in enumerate(means.index)}
    for seed, rows in lstm_trials.groupby("seed"):
        axes.plot(
            100 * rows["accuracy"], rows["change"].map(places), "o", alpha=0.6, label=f"seed {seed}"
        )
    axes.plot(100 * means, range(len(means)), "k|", markersize=14, label="mean")
    axes.axvline(100 * means[BASE], color="grey", linewidth=0.8)
    axes.set_yticks(range(len(means)), means.index.tolist())
    n = int(lstm_trials["n"].iloc[0])
    axes.set(
        title=f"LSTM, one change at a time ({_kind(nlp)} of the training split)",
        xlabel=f"Accuracy on the fifth that is held out (%), n = {n:,} a seed",
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def plot_top_features(top_features: pd.DataFrame) -> Figure:
    """Draw the terms that move the chosen model most, one panel a member."""
    members = top_features["member"].unique()
    figure = Figure(figsize=(4.2 * len(members), 6), layout="constrained")
    panels = figure.subplots(1, len(members), squeeze=False)[0]
    for axes, member in zip(panels, members, strict=True):
        rows = top_features[top_features["member"] == member]
        rows = rows[rows["rank"] <= SHOWN_TERMS].sort_values("weight")
        colours = ["#D55E00" if weight < 0 else "#0072B2" for weight in rows["weight"]]
        axes.barh([repr(term) for term in rows["term"]], rows["weight"], color=colours)
        axes.set(title=str(member), xlabel="Adds to the log-odds of positive")
        axes.tick_params(axis="y", labelsize="x-small")
    return figure


def _kind(nlp: ReviewParameters) -> str:
    return "synthetic reviews" if nlp.source == "sample" else "reviews"
