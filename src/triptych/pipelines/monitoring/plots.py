"""The three plots of monitoring. Each gives a matplotlib figure, also when there is nothing yet."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from triptych.forecasting.contract import DAY_LEADS, STEP_HOURS
from triptych.forecasting.models.factory import BASELINE_NAMES
from triptych.parameters.forecasting import MonitoringParameters
from triptych.pipelines.ts_common.panels import draw_panels, label

ROLLING_DAYS = 30
SHOWN_AGES = 3  # data ages a location
NOTHING_YET = "Nothing to verify yet: no forecast has met its observations."


def plot_issued_errors(verified_predictions: pd.DataFrame, live_models: pd.DataFrame) -> Figure:
    """Draw the day-ahead RMSE over time, by data age: the live model and the baselines."""
    of_live = verified_predictions.merge(live_models[["location", "model_id", "name"]])
    of_day = of_live[of_live["lead"].isin(DAY_LEADS)]
    figure, panels = draw_panels(_by_data_age(of_day), empty=NOTHING_YET)
    for ((slug, age), rows), axes in panels:
        line = _rolling_rmse(rows, "mean")
        axes.plot(line.index, line, "-", label=f"{rows['name'].iloc[0]} (live)")
        for baseline in BASELINE_NAMES:
            line = _rolling_rmse(rows, baseline)
            axes.plot(line.index, line, ":", label=baseline)
        axes.set_ylim(0, None)
        title = f"{slug}: error of the day ahead from data {age} h old"
        label(axes, f"{title}, mean over {ROLLING_DAYS} days", "Day of issue (UTC)", "RMSE (°C)")
    return figure


def plot_issued_coverage(
    monitoring_scores: pd.DataFrame, live_models: pd.DataFrame, verified_predictions: pd.DataFrame
) -> Figure:
    """Draw the coverage of the live model's intervals, by lead, window and data age."""
    of_live = monitoring_scores.merge(live_models[["location", "model_id"]])
    by_lead = of_live[of_live["lead"].str.isdigit()]
    by_lead = by_lead.assign(hours=by_lead["lead"].astype(int) * STEP_HOURS).sort_values("hours")
    level = 100 * verified_predictions["level"].median()
    figure, panels = draw_panels(_by_data_age(by_lead), empty=NOTHING_YET)
    for ((slug, age), rows), axes in panels:
        for window, line in rows.groupby("window"):
            axes.plot(line["hours"], 100 * line["coverage"], marker=".", label=window)
        axes.axhline(level, color="black", linewidth=1, label=f"promised: {level:.0f} %")
        axes.set_ylim(0, 105)
        title = f"{slug}: observations within the interval, from data {age} h old"
        label(axes, title, "Lead (h)", "Coverage (%)")
    return figure


def plot_input_drift(input_drift: pd.DataFrame, monitoring: MonitoringParameters) -> Figure:
    """Draw the stability index of each variable; drifted variables are red."""
    groups = input_drift.groupby("location")
    figure, panels = draw_panels(groups, empty="Nothing to compare yet.")
    for (slug, rows), axes in panels:
        drifted = rows["drifted"].astype(bool)
        colours = drifted.map({True: "tab:red", False: "tab:blue"})
        axes.barh(rows["variable"], rows["psi"], color=colours)
        note = "large, of many days; a month can reach it by chance, so the test decides too"
        axes.axvline(monitoring.drift_psi, color="black", linestyle=":", label=note)
        title = (
            f"{slug}: last {monitoring.drift_days} days against the season in training "
            f"({int(drifted.sum())} drifted, red)"
        )
        label(axes, title, "Population stability index (no unit)", "Variable")
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
