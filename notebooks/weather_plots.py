"""Plots of the weather that only the notebook shows, beside those of the pipeline."""

import pandas as pd
from matplotlib.figure import Figure

from triptych.forecasting.contract import STEP_HOURS
from triptych.forecasting.features.panel import Panel
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.weather.exploration.plots import (
    COLOURS,
    SHOWN_LOCATIONS,
    finish,
    plot_anomalies,
    plot_decomposition,
    plot_seasons,
    plot_spectrum,
    split_locations,
    subplots,
)
from triptych.weather.variables import TEMPERATURE

__all__ = [
    "LAGS", "plot_anomalies", "plot_decomposition", "plot_memory", "plot_periods", "plot_seasons",
    "plot_spectrum", "plot_two_weeks",
]  # fmt: skip
MEMORY_DAYS = 7
LAGS = range(17)  # steps: to two days


def plot_periods(history: pd.DataFrame, periods: StudyPeriods) -> Figure:
    """Draw daily mean temperatures, and which years serve training, validation and test."""
    shown = split_locations(history, SHOWN_LOCATIONS)
    figure, panels = subplots(list(shown), height=1.9)
    spans = (
        ("training", periods.train_start, periods.validation_start),
        ("validation", periods.validation_start, periods.test_start),
        ("test", periods.test_start, periods.test_end),
    )
    for slug, axes in panels.items():
        rows = shown[slug]
        days = rows.groupby(rows["time"].dt.floor("D"))[TEMPERATURE].mean()
        axes.plot(days.index, days, color="black", linewidth=0.4)
        for colour, (name, start, end) in zip(COLOURS, spans, strict=False):
            span = pd.DatetimeIndex([start, end]).tz_localize(None).to_numpy()
            whole = axes.get_xaxis_transform()  # the panel's whole height
            axes.fill_between(span, 0, 1, color=colour, alpha=0.18, label=name, transform=whole)
        axes.set(title=f"{slug}: daily mean", ylabel="Temperature (°C)")
    return finish(figure, panels.values(), "Day (UTC)")


def plot_two_weeks(history: pd.DataFrame, start: pd.Timestamp) -> Figure:
    """Draw the 3-hour means of two weeks, all locations in one panel."""
    end = start + pd.Timedelta(days=14)
    rows = history[(history["time"] >= start) & (history["time"] < end)]
    figure, panels = subplots([""], height=3.0)
    shown = split_locations(rows, SHOWN_LOCATIONS)
    for colour, (slug, line) in zip(COLOURS, shown.items(), strict=False):
        panels[""].plot(line["time"], line[TEMPERATURE], ".-", color=colour, ms=3, lw=1, label=slug)
    panels[""].set(title="Two weeks of 3-hour means", ylabel="Temperature (°C)")
    return finish(figure, panels.values(), "Time (UTC)")


def plot_memory(panel: Panel) -> Figure:
    """Draw how long anomalies last, and how much each location says of the others later."""
    values = pd.DataFrame(panel.anomalies[TEMPERATURE].T, columns=list(panel.grid.locations))
    slugs = values.columns.tolist()[:SHOWN_LOCATIONS]
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    own, others = figure.subplots(1, 2)
    lags = range(MEMORY_DAYS * 24 // STEP_HOURS + 1)
    for colour, slug in zip(COLOURS, slugs, strict=False):
        memory = [values[slug].corr(values[slug].shift(lag)) for lag in lags]
        own.plot([lag * STEP_HOURS / 24 for lag in lags], memory, color=colour, label=slug)
    own.set(title="with itself", xlabel="Lag (days)", ylabel="Correlation of anomalies")
    pairs = [(here, there) for here in slugs for there in slugs if here != there]
    for here, there in pairs:
        ahead = [values[here].corr(values[there].shift(lag)) for lag in LAGS]
        others.plot([lag * STEP_HOURS for lag in LAGS], ahead, ".-", label=f"{there} → {here}")
    others.set(title="with another, that many hours earlier", xlabel="Lag (h)")
    others.set_xticks(range(0, 49, 6))
    for axes in (own, others):
        axes.grid(alpha=0.3)
        axes.legend(fontsize="x-small", ncols=2)
    return figure
