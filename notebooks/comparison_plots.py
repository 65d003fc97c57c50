"""Still images of a comparison, for notebooks: weights, paired tests, intervals, bad days."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from triptych.forecasting.contract import DAY_LEADS, STEP_HOURS, STEPS_PER_DAY
from triptych.forecasting.evaluation.conformal import learn_intervals
from triptych.forecasting.evaluation.metrics import ALL, DAY

BASE = "#0072B2"
LEVELS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
KNOWN_DAYS = 2  # shown before a bad day


def plot_weights(weights: Mapping[str, Sequence[float]], name: str, horizon_leads: int) -> Figure:
    """Draw how much each member of an ensemble counts at each lead."""
    shown = {model: list(values[:horizon_leads]) for model, values in weights.items()}
    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.subplots()
    hours = [STEP_HOURS * (number + 1) for number in range(len(next(iter(shown.values()))))]
    floor = np.zeros(len(hours))
    for model, values in shown.items():
        axes.bar(hours, values, width=0.85 * STEP_HOURS, bottom=floor, label=model)
        floor += np.array(values)
    axes.set(title=f"{name}: weights by lead", xlabel="Lead (h)", ylabel="Weight (sum 1)")
    axes.set_xticks(hours)
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def plot_pairs(paired_tests: pd.DataFrame) -> Figure:
    """Draw by how much the chosen model's squared error is less than each other one's, day ahead.

    Points: mean difference of all locations; bars: 95 % block bootstrap.
    """
    rows = paired_tests[(paired_tests["location"] == ALL) & (paired_tests["lead"] == DAY)]
    rows = rows.assign(difference=rows["difference"].round(9))
    rows = rows.sort_values(["difference", "other"], ascending=[False, True])
    figure = Figure(figsize=(9, 0.32 * len(rows) + 1.2), layout="constrained")
    axes = figure.subplots()
    low, high = rows["difference"] - rows["low"], rows["high"] - rows["difference"]
    axes.errorbar(rows["difference"], rows["other"], xerr=[low, high], fmt="o", capsize=3)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xscale("symlog", linthresh=0.1)
    chosen = rows["model"].iloc[0]
    axes.set(
        title=f"Is {chosen} better? To the right of 0: yes",
        xlabel="Mean squared error of the other less that of the chosen (°C², symmetric log)",
    )
    axes.grid(alpha=0.3)
    return figure


def reliability(
    validation_forecasts: pd.DataFrame, test_forecasts: pd.DataFrame, model: str
) -> pd.DataFrame:
    """Share of day-ahead test observations inside intervals of several levels.

    The intervals are those that `conformal.learn_intervals` makes of the model's validation errors.

    Returns:
        A row a level, a column a location.
    """
    learned_from = validation_forecasts[validation_forecasts["model"] == model]
    rows = test_forecasts[
        (test_forecasts["model"] == model) & test_forecasts["lead"].isin(DAY_LEADS)
    ].dropna(subset=["observed"])
    errors = (rows["mean"] - rows["observed"]).abs()
    slugs = sorted(rows["location"].unique())
    table = {}
    for level in LEVELS:
        months = np.repeat(np.arange(1, 13)[:, None], len(DAY_LEADS), axis=1)
        widths = learn_intervals(learned_from, level).half_width(slugs, months, np.array(DAY_LEADS))
        place = rows["location"].map({slug: row for row, slug in enumerate(slugs)}).to_numpy()
        month = rows["time"].dt.month.to_numpy() - 1
        half = widths[place, month, rows["lead"].to_numpy() - DAY_LEADS[0]]
        table[level] = (errors <= half).groupby(rows["location"]).mean()
    return pd.DataFrame(table).T.rename_axis("level")


def plot_reliability(shares: pd.DataFrame) -> Figure:
    """Draw the shares of `reliability` against the levels that were asked for."""
    figure = Figure(figsize=(4.2, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, label="as promised")
    for slug in shares:
        axes.plot(shares.index, shares[slug], "o-", ms=4, label=slug)
    axes.set(
        title="Do intervals keep their promise?",
        xlabel="Level asked for",
        ylabel="Share of test observations inside",
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def worst_days(test_forecasts: pd.DataFrame, model: str, count: int = 1) -> pd.DataFrame:
    """The days of the test period with the largest day-ahead error of each location.

    Returns:
        location, as_of, rmse and bias (forecast less observed) in °C, worst first.
    """
    rows = test_forecasts[
        (test_forecasts["model"] == model) & test_forecasts["lead"].isin(DAY_LEADS)
    ]
    error = rows["mean"] - rows["observed"]
    groups = rows.assign(bias=error, square=error**2).groupby(["location", "as_of"])
    days = groups[["bias", "square"]].mean().reset_index()
    days = days.assign(rmse=(days["square"] ** 0.5).round(9))
    days = days.sort_values(["location", "rmse", "as_of"], ascending=False)
    worst = days.groupby("location").head(count)
    return worst.reset_index(drop=True)[["location", "as_of", "rmse", "bias"]]


def plot_days(
    test_forecasts: pd.DataFrame, history: pd.DataFrame, model: str, days: pd.DataFrame
) -> Figure:
    """Draw what was known before each of `days` (location, as_of), what was forecast, what came."""
    figure = Figure(figsize=(9, 3), layout="constrained")
    panels = figure.subplots(1, len(days), squeeze=False)[0]
    rows = test_forecasts[test_forecasts["model"] == model]
    for axes, (_, day) in zip(panels, days.iterrows(), strict=True):
        of_place = history[history["location"] == day["location"]]
        issued = rows[(rows["location"] == day["location"]) & (rows["as_of"] == day["as_of"])]
        _draw_day(axes, of_place, issued[issued["lead"] <= 2 * STEPS_PER_DAY], day["as_of"])
        axes.set(title=f"{day['location']}, {day['as_of']:%d %B %Y}", xlabel="Hours from issue")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("Temperature (°C)")
    panels[0].legend(fontsize="x-small")
    return figure


def _draw_day(
    axes: Axes, of_place: pd.DataFrame, issued: pd.DataFrame, as_of: pd.Timestamp
) -> None:
    span = pd.Timedelta(days=KNOWN_DAYS)
    around = of_place[of_place["time"].between(as_of - span, issued["time"].max())]

    def hours(times: pd.Series) -> pd.Series:
        return (times - as_of) / pd.Timedelta(hours=1)

    axes.plot(hours(around["time"]), around["temperature_2m"], color="black", lw=1, label="true")
    axes.plot(hours(issued["time"]), issued["mean"], color=BASE, label="forecast")
    ahead = hours(issued["time"])
    axes.fill_between(ahead, issued["lower"], issued["upper"], color=BASE, alpha=0.2, label="90 %")
    axes.axvline(0, color="grey", linestyle=":")
