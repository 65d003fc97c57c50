"""Charts of the results, as SVG."""

import re
from io import StringIO
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from presentation.tables import Results, final_rows, served_rows

INK, ACCENT, OTHER = "#1d2733", "#b4441e", "#5b7f95"
_STYLE = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "triptych",  # the same figure, the same bytes
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.edgecolor": "#9aa5b1",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_SHOWN = ("climatology", "same_hour_yesterday", "arima", "sarimax", "ridge", "lightgbm")


def errors_by_model(results: Results) -> str:
    """Draw the day-ahead RMSE of every model, mean of the cities."""
    rows = [r for r in served_rows(results) if (r["lead"], r["location"]) == ("1-8", "all")]
    rows.sort(key=lambda row: -row["rmse"])
    with rc_context(_STYLE):
        figure, axes = _open(7.2, 3.8)
        bars = axes.barh(
            [row["model"].replace("_", " ") for row in rows],
            [row["rmse"] for row in rows],
            color=[ACCENT if row["model"] == results["chosen"] else OTHER for row in rows],
        )
        axes.bar_label(bars, fmt="%.2f", padding=3)
        axes.set(title="Day-ahead error, all cities", xlabel="RMSE, °C")
        return _close(figure)


def errors_by_lead(results: Results) -> str:
    """Draw the RMSE by lead of the selected model and some others."""
    with rc_context(_STYLE):
        figure, axes = _open(7.2, 3.8)
        for model in (*_SHOWN, results["chosen"]):
            rows = [
                r
                for r in served_rows(results)
                if (r["model"], r["location"]) == (model, "all") and r["lead"].isdigit()
            ]
            rows.sort(key=lambda row: int(row["lead"]))
            chosen = model == results["chosen"]
            axes.plot(
                [3 * int(row["lead"]) for row in rows],
                [row["rmse"] for row in rows],
                label=model.replace("_", " ") + (" (selected)" if chosen else ""),
                linewidth=3 if chosen else 1.3,
                color=ACCENT if chosen else None,
            )
        axes.set(title="Error by lead, all cities", xlabel="hours after issue", ylabel="RMSE, °C")
        axes.legend(frameon=False, fontsize=9, ncols=2)
        return _close(figure)


def accuracies(results: Results) -> str:
    """Draw the accuracy of each classifier on the evaluated split, with its interval."""
    rows = sorted(final_rows(results), key=lambda row: row["accuracy"])
    with rc_context(_STYLE):
        figure, axes = _open(7.2, 0.9 + 0.32 * len(rows))
        for place, row in enumerate(rows):
            color = ACCENT if row["model"] == results.get("chosen") else OTHER
            low, high = 100 * row["accuracy_low"], 100 * row["accuracy_high"]
            axes.plot([low, high], [place, place], color=color, linewidth=2)
            axes.plot(100 * row["accuracy"], place, "o", color=color)
        axes.set_yticks(range(len(rows)), [row["model"].replace("_", " ") for row in rows])
        named = str(rows[0]["split"]).replace("_", " ")
        axes.set(title=f"Accuracy, {named} split, 95 % interval", xlabel="accuracy, %")
        return _close(figure)


def learning_curve(results: Results) -> str:
    """Draw accuracy against the size of the training set, with the spread of the repetitions."""
    points = results.get("learning_curve")
    if not points:
        return "<p><em>No learning curve.</em></p>"
    with rc_context(_STYLE):
        figure, axes = _open(5.6, 3.4)
        for model in sorted({point["model"] for point in points}):
            of_model = [point for point in points if point["model"] == model]
            sizes = [point["size"] for point in of_model]
            (line,) = axes.plot(
                sizes, [100 * p["mean"] for p in of_model], "o-", label=model.replace("_", " ")
            )
            low, high = ([100 * p[name] for p in of_model] for name in ("min", "max"))
            axes.fill_between(sizes, low, high, color=line.get_color(), alpha=0.15)
        axes.set(title="Learning curve", xlabel="training reviews", ylabel="accuracy, %")
        axes.legend(frameon=False)
        return _close(figure)


def _open(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.subplots()
    axes.patch.set_alpha(0)
    return figure, axes


def _close(figure: Figure) -> str:
    """Return the SVG without its XML header, with ids that are unique on a page."""
    file = StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    title = figure.axes[0].get_title().replace(" ", "-").replace(",", "").replace("%", "")
    svg = re.sub(r'\bid="', f'id="{title}-', svg)
    svg = re.sub(r"(url\(#|href=\"#)", rf"\g<1>{title}-", svg)
    return svg.strip()
