"""Plots of the exploratory analysis, for Kedro-Viz and the notebook."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from triptych.weather.exploration.decomposition import robust_scores
from triptych.weather.exploration.missing import ALL
from triptych.weather.exploration.spectrum import PERIODOGRAM, WELCH
from triptych.weather.steps import STEP_HOURS

# Okabe and Ito (2008): distinguishable with colour vision deficiency.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]
GREY = "#909090"
SHOWN_LOCATIONS = 3
PARTS = {
    "observed": "Observed", "trend": "Trend", "yearly": "Yearly season", "residual": "Residual"
}  # fmt: skip
METHODS = {
    PERIODOGRAM: (GREY, "periodogram"), WELCH: (COLOURS[1], "Welch, windows of 120 days")
}  # fmt: skip
MONTHS = {1: "January", 4: "April", 7: "July", 10: "October"}
PERIODS = {6: "6 h", 12: "12 h", 24: "1 day", 72: "3 d", 168: "7 d", 720: "30 d", 8766: "1 year"}

Period = dict[str, str]  # start and end, for the title


def plot_decomposition(
    decomposition: pd.DataFrame, period: Period | None = None, locations: int = SHOWN_LOCATIONS
) -> Figure:
    """Plot daily means of the temperature, its trend, yearly season and residual."""
    title = _title("Decomposition of the temperature", decomposition, period, locations)
    figure, panels = subplots(list(PARTS), 1.7, title)
    shown = split_locations(decomposition, locations)
    for colour, (slug, rows) in zip(COLOURS, shown.items(), strict=False):
        days = rows.groupby(_naive(rows["time"]).dt.floor("D"))[list(PARTS)].mean()
        for part, axes in panels.items():
            smooth = part in ("trend", "yearly")
            axes.plot(days.index, days[part], color=colour, lw=1.6 if smooth else 0.4, label=slug)
    for part, axes in panels.items():
        axes.set(title=PARTS[part], ylabel="(°C)")
    return finish(figure, panels.values(), "Day (UTC)")


def plot_seasons(
    decomposition: pd.DataFrame, period: Period | None = None, locations: int = SHOWN_LOCATIONS
) -> Figure:
    """Plot the mean season of the year, and that of the day in four months."""
    shown = split_locations(decomposition, locations)
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    figure.suptitle(_title("Seasons of the temperature", decomposition, period, locations))
    year, *of_day = figure.subplots(1, 1 + len(shown))
    for colour, axes, (slug, rows) in zip(COLOURS, of_day, shown.items(), strict=False):
        mean = rows.groupby(rows["time"].dt.day_of_year)["yearly"].mean()
        year.plot(mean.index, mean, color=colour, label=slug)
        for month_colour, (number, name) in zip(COLOURS, MONTHS.items(), strict=False):
            month = rows[rows["time"].dt.month == number]
            course = month.groupby(month["time"].dt.hour)["daily"].mean()
            # a step is the mean of its three hours: it belongs to their middle
            axes.plot(course.index + STEP_HOURS / 2, course, color=month_colour, label=name)
        axes.sharey(of_day[0])
        axes.set(title=f"of the day, {slug}", xlabel="Hour (UTC)", xticks=range(0, 25, 6))
    year.set(title="of the year", ylabel="Season (°C)")
    of_day[0].legend(fontsize="x-small")
    return finish(figure, [year], "Day of the year")


def plot_spectrum(
    spectrum: pd.DataFrame,
    spectral_lines: pd.DataFrame,
    period: Period | None = None,
    locations: int = SHOWN_LOCATIONS,
) -> Figure:
    """Plot the power spectra on log axes, with the lines that stand out of the noise."""
    shown = split_locations(spectrum, locations) or {"too short": spectrum}
    title = _title("Power spectrum of the temperature", spectrum, period, locations)
    figure, panels = subplots(list(shown), 2.2, title)
    for slug, axes in panels.items():
        for method, (colour, label) in METHODS.items():
            line = shown[slug][shown[slug]["method"] == method]
            axes.plot(line["period_hours"], line["density"], color=colour, lw=0.9, label=label)
        lines = spectral_lines[spectral_lines["location"] == slug]
        axes.plot(lines["period_hours"], lines["density"], "o", ms=4, label="significant")
        axes.set(title=slug, ylabel="Power (°C² day)")
        if len(shown[slug]):
            axes.set(xscale="log", yscale="log")
            axes.set_xticks(list(PERIODS), list(PERIODS.values()))
            axes.minorticks_off()
    return finish(figure, panels.values(), "Period")


def plot_anomalies(
    decomposition: pd.DataFrame,
    anomalies: pd.DataFrame,
    threshold: float,
    period: Period | None = None,
    locations: int = SHOWN_LOCATIONS,
) -> Figure:
    """Plot the residual of every step in robust standard deviations, and what exceeds them."""
    shown = split_locations(robust_scores(decomposition), locations)
    text = f"Residuals, anomalous beyond {threshold:g} × 1.4826 MAD of their month"
    figure, panels = subplots(list(shown), 1.7, _title(text, decomposition, period, locations))
    for slug, axes in panels.items():
        found = anomalies[anomalies["location"] == slug]
        axes.plot(_naive(shown[slug]["time"]), shown[slug]["score"], color=GREY, lw=0.3)
        times = _naive(pd.to_datetime(found["time"], utc=True))
        axes.plot(times, found["score"], ".", color=COLOURS[1], label=f"{len(found)} anomalies")
        for bound in (-threshold, threshold):
            axes.axhline(bound, color=COLOURS[0], linestyle=":", lw=1)
        axes.set(title=slug, ylabel="Robust\nstandard deviations")
        axes.legend(fontsize="small", loc="lower left")
    return finish(figure, panels.values(), "Time (UTC)")


def _naive(times: "pd.Series[pd.Timestamp]") -> "pd.Series[pd.Timestamp]":
    """UTC without its zone, which Matplotlib converts one by one."""
    return times.dt.tz_localize(None)


def plot_missing(
    missing_values: pd.DataFrame, period: Period | None = None, locations: int = SHOWN_LOCATIONS
) -> Figure:
    """Plot the share of missing hours by location, variable and month."""
    shown = pd.concat(split_locations(missing_values, locations).values())
    shares = shown.pivot(index=["location", "variable"], columns="month", values="share") * 100
    by_month = shares.drop(columns=ALL).fillna(0.0) if shares.shape[1] > 1 else shares
    figure, panels = subplots(
        [""], 0.22 * len(shares) + 1.5,
        _title("Missing hours before gaps are filled", missing_values, period, locations),
    )  # fmt: skip
    highest = max(5.0, by_month.to_numpy().max())
    image = panels[""].imshow(by_month, aspect="auto", cmap="YlOrRd", vmin=0, vmax=highest)
    figure.colorbar(image, label="Missing (%)")
    names = [" · ".join(key) for key in by_month.index]
    panels[""].set_yticks(range(len(names)), names, fontsize="x-small")
    panels[""].set_xticks(range(by_month.shape[1]), by_month.columns, rotation=90, fontsize=7)
    panels[""].set(xlabel="Months with missing hours (UTC)", ylabel="Location · variable")
    return figure


def split_locations(table: pd.DataFrame, most: int) -> dict[str, pd.DataFrame]:
    """Return the rows of the first locations, by location."""
    slugs = sorted(table["location"].unique())[:most]
    return {slug: table[table["location"] == slug] for slug in slugs}


def subplots(names: list[str], height: float, title: str = "") -> tuple[Figure, dict[str, Axes]]:
    """Create a figure with a panel for each name, one below the other."""
    # the object interface: pyplot would keep every figure of the process in memory
    figure = Figure(figsize=(9, height * len(names) + 0.6), layout="constrained")
    figure.suptitle(title, fontsize="medium")
    axes = figure.subplots(len(names), 1, sharex=True, squeeze=False)
    return figure, dict(zip(names, axes[:, 0], strict=True))


def finish(figure: Figure, panels: Iterable[Axes], xlabel: str) -> Figure:
    """Label the last panel, add a legend to the first and a grid to all."""
    first, *_, last = [*panels, *panels]
    last.set_xlabel(xlabel)
    for axes in figure.axes:
        axes.grid(alpha=0.3)
    first.legend(fontsize="small", ncols=3, loc="best")
    figure.align_ylabels()
    return figure


def _title(text: str, table: pd.DataFrame, period: Period | None, most: int) -> str:
    """Add the period, and the number of locations if not all are shown."""
    count = table["location"].nunique()
    rest = f", the first {most} of {count} locations" if count > most else ""
    days = f"\n{period['start']} to {period['end']} (training and validation)" if period else ""
    return f"{text}{rest}{days}"
