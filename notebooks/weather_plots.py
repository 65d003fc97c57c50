"""The exploration as still images, for notebooks: an interactive figure carries its data along.

What they show is what the figures of `exploration_plots` show in Kedro-Viz.
"""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from triptych.forecasting.contract import STEP_HOURS
from triptych.forecasting.features.panel import Panel
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.weather.exploration.outliers import robust_scores
from triptych.weather.exploration.spectrum import PERIODOGRAM, WELCH, thin_spectrum
from triptych.weather.variables import TEMPERATURE

# Okabe and Ito (2008): told apart by all eyes.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]
GREY = "#909090"
SHOWN_LOCATIONS = 3
PARTS = {
    "observed": "Observed",
    "trend": "Trend",
    "yearly": "Year's season",
    "residual": "Residual",
}
MONTHS = {1: "January", 4: "April", 7: "July", 10: "October"}
PERIODS = {6: "6 h", 12: "12 h", 24: "1 day", 72: "3 d", 168: "7 d", 720: "30 d", 8766: "1 year"}
MEMORY_DAYS = 7
LAGS = range(17)  # steps: to two days


def plot_periods(history: pd.DataFrame, periods: StudyPeriods) -> Figure:
    """Draw daily mean temperatures, and which years serve training, validation and test."""
    figure, panels = _panels(_slugs(history), height=1.9)
    spans = (
        ("training", periods.train_start, periods.validation_start),
        ("validation", periods.validation_start, periods.test_start),
        ("test", periods.test_start, periods.test_end),
    )
    for slug, axes in panels.items():
        rows = history[history["location"] == slug]
        days = rows.groupby(rows["time"].dt.floor("D"))[TEMPERATURE].mean()
        axes.plot(days.index, days, color="black", linewidth=0.4)
        for colour, (name, start, end) in zip(COLOURS, spans, strict=False):
            span = pd.DatetimeIndex([start, end]).tz_localize(None).to_numpy()
            whole = axes.get_xaxis_transform()  # the panel's whole height
            axes.fill_between(span, 0, 1, color=colour, alpha=0.18, label=name, transform=whole)
        axes.set(title=f"{slug}: daily mean", ylabel="Temperature (°C)")
    _finish(figure, panels, "Day (UTC)", legend={"ncols": 3, "loc": "lower left"})
    return figure


def plot_two_weeks(history: pd.DataFrame, start: pd.Timestamp) -> Figure:
    """Draw the 3-hour means of two weeks, all locations in one panel."""
    end = start + pd.Timedelta(days=14)
    rows = history[(history["time"] >= start) & (history["time"] < end)]
    figure, panels = _panels([""], height=3.0)
    for colour, slug in zip(COLOURS, _slugs(rows), strict=False):
        line = rows[rows["location"] == slug]
        panels[""].plot(line["time"], line[TEMPERATURE], ".-", color=colour, ms=3, lw=1, label=slug)
    panels[""].set(title="Two weeks of 3-hour means", ylabel="Temperature (°C)")
    _finish(figure, panels, "Time (UTC)", legend={"ncols": 3})
    return figure


def plot_decomposition(decomposition: pd.DataFrame) -> Figure:
    """Draw daily means of the temperature and of its trend, year's season and residual."""
    figure, panels = _panels(list(PARTS), height=1.7)
    for colour, slug in zip(COLOURS, _slugs(decomposition), strict=False):
        rows = decomposition[decomposition["location"] == slug]
        days = rows.groupby(rows["time"].dt.floor("D"))[list(PARTS)].mean()
        for part, axes in panels.items():
            smooth = part in ("trend", "yearly")
            axes.plot(days.index, days[part], color=colour, lw=1.6 if smooth else 0.4, label=slug)
    for part, axes in panels.items():
        axes.set(title=PARTS[part], ylabel="(°C)")
    _finish(figure, panels, "Day (UTC)", legend={"ncols": 3, "loc": "lower left"})
    return figure


def plot_seasons(decomposition: pd.DataFrame) -> Figure:
    """Draw the mean season of the year, and that of the day in four months."""
    slugs = _slugs(decomposition)
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    year, *of_day = figure.subplots(1, 1 + len(slugs))
    for colour, slug in zip(COLOURS, slugs, strict=False):
        rows = decomposition[decomposition["location"] == slug]
        mean = rows.groupby(rows["time"].dt.day_of_year)["yearly"].mean()
        year.plot(mean.index, mean, color=colour, label=slug)
    year.set(title="of the year", xlabel="Day of the year", ylabel="Season (°C)")
    for slug, axes in zip(slugs, of_day, strict=True):
        rows = decomposition[decomposition["location"] == slug]
        for colour, (number, name) in zip(COLOURS, MONTHS.items(), strict=False):
            month = rows[rows["time"].dt.month == number]
            course = month.groupby(month["time"].dt.hour)["daily"].mean()
            # a step is the mean of its three hours: it belongs to their middle
            axes.plot(course.index + STEP_HOURS / 2, course, color=colour, label=name)
        axes.sharey(of_day[0])
        axes.set(title=f"of the day, {slug}", xlabel="Hour (UTC)", xticks=range(0, 25, 6))
    for axes in (year, *of_day):
        axes.grid(alpha=0.3)
    for axes in (year, of_day[0]):
        axes.legend(fontsize="x-small")
    return figure


def plot_spectrum(spectrum: pd.DataFrame, spectral_lines: pd.DataFrame) -> Figure:
    """Draw the power spectra on log axes, with the lines that stand out of the noise."""
    thin = thin_spectrum(spectrum)
    figure, panels = _panels(_slugs(thin) or ["too short"], height=2.2)
    for slug, axes in panels.items():
        rows = thin[thin["location"] == slug]
        lines = spectral_lines[spectral_lines["location"] == slug]
        for method, colour, label in (
            (PERIODOGRAM, GREY, "periodogram"),
            (WELCH, COLOURS[1], "Welch, windows of 120 days"),
        ):
            line = rows[rows["method"] == method]
            axes.plot(line["period_hours"], line["density"], color=colour, lw=0.9, label=label)
        axes.plot(lines["period_hours"], lines["density"], "o", ms=4, label="stands out")
        axes.set(title=f"{slug}: power spectrum", ylabel="Power (°C² day)")
        axes.set(xscale="log", yscale="log")
        axes.set_xticks(list(PERIODS), list(PERIODS.values()))
        axes.minorticks_off()
    _finish(figure, panels, "Period", legend={"loc": "upper left"})
    return figure


def plot_anomalies(
    decomposition: pd.DataFrame, anomalies: pd.DataFrame, threshold: float
) -> Figure:
    """Draw the residual of every step in robust standard deviations, and what lies beyond."""
    scores = robust_scores(decomposition)
    figure, panels = _panels(_slugs(scores), height=1.7)
    for slug, axes in panels.items():
        rows = scores[scores["location"] == slug]
        found = anomalies[anomalies["location"] == slug]
        axes.plot(rows["time"], rows["score"], color=GREY, lw=0.3)
        times = pd.to_datetime(found["time"], utc=True)
        axes.plot(times, found["score"], ".", color=COLOURS[1], label=f"{len(found)} anomalies")
        for bound in (-threshold, threshold):
            axes.axhline(bound, color=COLOURS[0], linestyle=":", lw=1)
        axes.set(title=f"{slug}: residual", ylabel="Robust\nstandard deviations")
        axes.legend(fontsize="small", loc="lower left")
    _finish(figure, panels, "Time (UTC)")
    return figure


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


def _slugs(table: pd.DataFrame) -> list[str]:
    return sorted(table["location"].unique())[:SHOWN_LOCATIONS]


def _panels(names: list[str], height: float) -> tuple[Figure, dict[str, Axes]]:
    # the object interface: pyplot would keep every figure of the process in memory
    figure = Figure(figsize=(9, height * len(names) + 0.4), layout="constrained")
    axes = figure.subplots(len(names), 1, sharex=True, squeeze=False)
    return figure, dict(zip(names, axes[:, 0], strict=True))


def _finish(
    figure: Figure, panels: dict[str, Axes], xlabel: str, legend: dict[str, Any] | None = None
) -> None:
    first, *_, last = [*panels.values(), *panels.values()]
    last.set_xlabel(xlabel)
    for axes in panels.values():
        axes.grid(alpha=0.3)
    if legend is not None:
        first.legend(fontsize="small", **legend)
    figure.align_ylabels()
