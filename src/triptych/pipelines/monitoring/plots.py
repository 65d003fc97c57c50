"""The three plots of monitoring. Each gives a matplotlib figure, also when there is nothing yet."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from triptych.forecasting.contract import DAY_LEADS, STEP_HOURS
from triptych.forecasting.models.factory import BASELINE_NAMES
from triptych.parameters.operations import MonitoringParameters

ROLLING_DAYS = 30
SHOWN_AGES = 3  # data ages a location
NOTHING_YET = "Nothing to judge yet: no forecast has met its observations."


def plot_issued_errors(judged_predictions: pd.DataFrame, live_models: pd.DataFrame) -> Figure:
    """Draw the day-ahead RMSE of the last days over time, by data age: the live model and the
    baselines.
    """
    of_live = judged_predictions.merge(live_models[["location", "model_id", "name"]])
    groups = _by_data_age(of_live[of_live["lead"].isin(DAY_LEADS)])
    figure, panels = _panels(len(groups))
    for axes, ((slug, age), of_place) in zip(panels, groups, strict=True):
        for column in ("mean", *BASELINE_NAMES):
            line = _rolling_rmse(of_place, column)
            live = column == "mean"
            label = f"{of_place['name'].iloc[0]} (live)" if live else column
            axes.plot(line.index, line, "-" if live else ":", label=label)
        axes.set(
            title=f"{slug}: error of the day ahead from data {age} h old, "
            f"mean over {ROLLING_DAYS} days",
            xlabel="Day of issue (UTC)",
            ylabel="RMSE (°C)",
            ylim=(0, None),
        )
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return figure


def plot_issued_coverage(
    monitoring_scores: pd.DataFrame, live_models: pd.DataFrame, judged_predictions: pd.DataFrame
) -> Figure:
    """Draw the share of observations within the live model's intervals, by lead, window and data
    age.
    """
    of_live = monitoring_scores.merge(live_models[["location", "model_id"]])
    rows = of_live[of_live["lead"].str.isdigit()]
    rows = rows.assign(hours=rows["lead"].astype(int) * STEP_HOURS).sort_values("hours")
    groups = _by_data_age(rows)
    figure, panels = _panels(len(groups))
    for axes, ((slug, age), of_place) in zip(panels, groups, strict=True):
        for window, line in of_place.groupby("window"):
            axes.plot(line["hours"], 100 * line["coverage"], marker=".", label=window)
        level = 100 * judged_predictions["level"].median()
        axes.axhline(level, color="black", linewidth=1, label=f"promised: {level:.0f} %")
        axes.set(
            title=f"{slug}: observations within the interval, from data {age} h old",
            xlabel="Lead (h)",
            ylabel="Coverage (%)",
            ylim=(0, 105),
        )
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small", title="window")
    return figure


def plot_input_drift(input_drift: pd.DataFrame, monitoring: MonitoringParameters) -> Figure:
    """Draw the stability index of each variable; what has drifted stands out."""
    figure, panels = _panels(input_drift["location"].nunique(), text="Nothing to compare yet.")
    for axes, (slug, of_place) in zip(panels, input_drift.groupby("location"), strict=True):
        drifted = of_place["drifted"].astype(bool)
        colours = drifted.map({True: "tab:red", False: "tab:blue"})
        axes.barh(of_place["variable"], of_place["psi"], color=colours)
        axes.axvline(
            monitoring.drift_psi,
            color="black",
            linestyle=":",
            label="large, of many days; a month can reach it by chance, so the test decides too",
        )
        axes.set(
            title=f"{slug}: last {monitoring.drift_days} days against the season in training "
            f"({int(drifted.sum())} drifted, red)",
            xlabel="Population stability index (no unit)",
            ylabel="Variable",
        )
        axes.legend(fontsize="small")
    return figure


def _by_data_age(rows: pd.DataFrame) -> list[tuple[Any, pd.DataFrame]]:
    """The rows by location and data age: of each location the ages that have most rows."""
    keys = ["location", "data_age"]
    sizes = rows.groupby(keys).size()
    ranks = sizes.groupby("location").rank(method="first", ascending=False)
    shown = set(sizes.index[ranks <= SHOWN_AGES])
    return [(key, group) for key, group in rows.groupby(keys) if key in shown]


def _rolling_rmse(rows: pd.DataFrame, column: str) -> "pd.Series[float]":
    square = (rows[column] - rows["observed"]) ** 2
    daily = square.groupby(rows["as_of"].dt.floor("D")).mean()
    return daily.rolling(f"{ROLLING_DAYS}D").mean() ** 0.5


def _panels(count: int, text: str = NOTHING_YET) -> tuple[Figure, list[Axes]]:
    # the object interface: pyplot would keep every figure of the process in memory
    figure = Figure(figsize=(9, 3.4 * max(1, count)), layout="constrained")
    if count == 0:
        figure.text(0.5, 0.5, text, horizontalalignment="center")
    return figure, [figure.add_subplot(count, 1, number) for number in range(1, count + 1)]
