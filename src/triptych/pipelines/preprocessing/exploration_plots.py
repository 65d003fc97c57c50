"""The figures of the exploration. Plotly, so that Kedro-Viz shows them; the catalog writes them."""

import pandas as pd
import plotly.graph_objects as go

from triptych.parameters.ingestion import ExplorationParameters
from triptych.pipelines.preprocessing.exploration_style import (
    COLOURS,
    GREY,
    daily_line,
    finish,
    panels,
    shown,
)
from triptych.weather.exploration.missing import ALL
from triptych.weather.exploration.outliers import robust_scores
from triptych.weather.exploration.spectrum import WELCH, thin_spectrum

PANELS = {
    "observed": "Observed (°C)",
    "trend": "Trend (°C)",
    "yearly": "Year's season (°C)",
    "residual": "Residual (°C)",
}
SMOOTH_EVERY = {"trend": 7, "yearly": 3}  # days: a smooth line needs no more points
MONTHS = {1: "January", 4: "April", 7: "July", 10: "October"}
PERIODS = {6: "6 h", 12: "12 h", 24: "1 d", 72: "3 d", 168: "7 d", 720: "30 d", 8766: "365 d"}
NAMED_LINES = 4
APART = 1.1  # lines closer than a tenth are sidebands of the stronger: the day's swing over a year


def plot_decomposition(
    decomposition: pd.DataFrame,
    exploration_period: dict[str, str],
    exploration: ExplorationParameters,
) -> go.Figure:
    """Draw daily means of the temperature and of its trend, year's season and residual (MSTL)."""
    places, rest = shown(decomposition, exploration)
    figure = panels(len(PANELS), shared_xaxes=True)
    for colour, (slug, rows) in zip(_colours(places), places, strict=True):
        days = rows.groupby(rows["time"].dt.floor("D"))[list(PANELS)].mean()
        for number, part in enumerate(PANELS, start=1):
            line = go.Scatter(
                **daily_line(days[part], SMOOTH_EVERY.get(part, 1)),
                name=slug,
                legendgroup=slug,
                showlegend=number == 1,
                line={"color": colour, "width": 2 if part in SMOOTH_EVERY else 0.8},
            )
            figure.add_trace(line, row=number, col=1)
    for number, title in enumerate(PANELS.values(), start=1):
        figure.update_yaxes(title=title, row=number, col=1)
    figure.update_xaxes(title="Day (UTC)", row=len(PANELS), col=1)
    title = f"Temperature, daily means, decomposed by MSTL{rest}"
    return finish(figure, title, exploration_period, len(PANELS))


def plot_seasons(
    decomposition: pd.DataFrame,
    exploration_period: dict[str, str],
    exploration: ExplorationParameters,
) -> go.Figure:
    """Draw the mean season of the year, and that of the day in four months."""
    places, rest = shown(decomposition, exploration)
    figure = panels(len(places), 2)
    for number, (_, rows) in enumerate(places, start=1):
        year = rows["yearly"].groupby(rows["time"].dt.day_of_year).mean().iloc[::3].round(2)
        figure.add_trace(
            go.Scatter(
                x=year.index.tolist(), y=year.tolist(), showlegend=False, line={"color": GREY}
            ),
            row=number,
            col=1,
        )
        day = rows["daily"].groupby([rows["time"].dt.month, rows["time"].dt.hour]).mean().round(2)
        present = day.index.get_level_values(0)
        for colour, month in zip(COLOURS, MONTHS, strict=False):
            course = day[present == month].droplevel(0)
            line = go.Scatter(
                # a step's value is the mean of its three hours: it belongs to their middle
                x=(course.index + 1.5).tolist(),
                mode="lines",
                y=course.tolist(),
                name=MONTHS[month],
                legendgroup=MONTHS[month],
                showlegend=number == 1,
                line={"color": colour},
            )
            figure.add_trace(line, row=number, col=2)
    for number, (slug, _) in enumerate(places, start=1):
        figure.update_yaxes(title=f"{slug} (°C)", row=number, col=1)
        figure.update_yaxes(title="(°C)", row=number, col=2)
    figure.update_xaxes(title="Day of the year", row=len(places), col=1)
    figure.update_xaxes(dtick=6, range=[0, 24], col=2)
    figure.update_xaxes(title="Hour of the day (UTC)", row=len(places), col=2)
    title = f"Seasons of the temperature: of the year (left), of the day (right){rest}"
    return finish(figure, title, exploration_period, len(places))


def plot_spectrum(
    spectrum: pd.DataFrame,
    spectral_lines: pd.DataFrame,
    exploration_period: dict[str, str],
    exploration: ExplorationParameters,
) -> go.Figure:
    """Draw the power spectra on log axes, and name the strongest lines."""
    places, rest = shown(thin_spectrum(spectrum), exploration)
    figure = panels(len(places), shared_xaxes=True)
    for number, (slug, rows) in enumerate(places, start=1):
        for method, of_method in rows.groupby("method"):
            line = go.Scatter(
                x=of_method["period_hours"].round(3).tolist(),
                y=[float(f"{density:.3g}") for density in of_method["density"]],
                name="Welch, windows of 120 days"
                if method == WELCH
                else "periodogram (highest of each bin)",
                legendgroup=str(method),
                showlegend=number == 1,
                line={"color": COLOURS[1] if method == WELCH else GREY, "width": 1.2},
            )
            figure.add_trace(line, row=number, col=1)
        named = _distinct(spectral_lines[spectral_lines["location"] == slug])
        marks = go.Scatter(
            x=named["period_hours"].tolist(),
            y=named["density"].tolist(),
            text=[_period(hours) for hours in named["period_hours"]],
            mode="markers+text",
            textposition="top center",
            cliponaxis=False,
            name="strongest lines",
            legendgroup="lines",
            showlegend=number == 1,
            marker={"color": COLOURS[0], "size": 7},
        )
        figure.add_trace(marks, row=number, col=1)
        figure.update_yaxes(title=f"{slug}<br>(°C² d)", row=number, col=1)
    figure.update_yaxes(type="log", exponentformat="power", dtick=2)
    figure.update_xaxes(type="log", tickvals=list(PERIODS), ticktext=list(PERIODS.values()))
    figure.update_xaxes(title="Period (hours, days)", row=len(places), col=1)
    title = f"Power spectrum of the temperature{rest}"
    return finish(figure, title, exploration_period, len(places), height=230)


def plot_anomalies(
    decomposition: pd.DataFrame,
    anomalies: pd.DataFrame,
    exploration_period: dict[str, str],
    exploration: ExplorationParameters,
) -> go.Figure:
    """Draw each day's largest residual in robust standard deviations, and what is beyond."""
    places, rest = shown(decomposition, exploration)
    threshold = exploration.anomaly_threshold
    figure = panels(len(places), shared_xaxes=True)
    for number, (slug, rows) in enumerate(places, start=1):
        line = go.Scatter(
            **daily_line(_largest(rows)),
            name="largest of the day",
            legendgroup="days",
            showlegend=number == 1,
            line={"color": GREY, "width": 0.8},
        )
        found = anomalies[anomalies["location"] == slug]
        marks = go.Scatter(
            x=[f"{time:%Y-%m-%dT%H:%M}" for time in found["time"]],
            y=found["score"].round(2).tolist(),
            text=[f"{value:.1f} °C" for value in found["observed"]],
            mode="markers",
            name="anomalies",
            legendgroup="anomalies",
            showlegend=number == 1,
            marker={"color": COLOURS[1], "size": 6},
        )
        figure.add_traces([line, marks], rows=number, cols=1)
        for bound in (-threshold, threshold):
            figure.add_hline(bound, row=number, col=1, line={"color": COLOURS[0], "dash": "dot"})
        figure.update_yaxes(title=f"{slug}<br>(robust sd)", row=number, col=1)
    figure.update_xaxes(title="Time (UTC)", row=len(places), col=1)
    title = f"Anomalies: residual beyond {threshold:g} × 1.4826 MAD of its month{rest}"
    return finish(figure, title, exploration_period, len(places))


def plot_missing(
    missing_values: pd.DataFrame,
    exploration_period: dict[str, str],
    exploration: ExplorationParameters,
) -> go.Figure:
    """Draw the share of missing hours by location, variable and month."""
    places, rest = shown(missing_values, exploration)
    rows = pd.concat([table for _, table in places])
    label = rows["location"] + " · " + rows["variable"]
    names = label.unique().tolist()
    months = pd.period_range(exploration_period["start"], exploration_period["end"], freq="M")
    shares = rows[rows["month"] != ALL].assign(label=label).pivot(
        index="label", columns="month", values="share"
    )  # fmt: skip
    grid = shares.reindex(index=names, columns=months.astype(str)).fillna(0.0) * 100
    heat = go.Heatmap(
        x=[f"{month}-15" for month in months],  # a cell lies around its x
        y=names,
        z=grid.round(2).to_numpy().tolist(),
        colorscale=[[0, "rgba(128, 128, 128, 0.12)"], [0.001, "#F0C27B"], [1, "#B5361C"]],
        zmin=0,
        zmax=max(5.0, float(grid.max().max())),
        colorbar={"title": "Missing (%)"},
    )
    figure = panels(1)
    figure.add_trace(heat)
    figure.update_xaxes(title="Month (UTC)")
    figure.update_yaxes(title="Location · variable", autorange="reversed", automargin=True)
    title = f"Missing between a location's first and last hour, before gaps are filled{rest}"
    return finish(figure, title, exploration_period, len(names), height=18)


def _colours(places: list[tuple[str, pd.DataFrame]]) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(len(places))]


def _largest(rows: pd.DataFrame) -> pd.Series:
    """The score of each day that is farthest from zero; NaN of a day without any."""
    score = robust_scores(rows).groupby(rows["time"].dt.floor("D"))["score"]
    highest, lowest = score.max(), score.min()
    return highest.where(highest >= -lowest, lowest)


def _distinct(lines: pd.DataFrame) -> pd.DataFrame:
    """The strongest lines that are not sidebands of a stronger one."""
    kept: list[int] = []
    periods = lines["period_hours"].to_numpy()
    for number, period in enumerate(periods):
        if all(max(period, periods[k]) / min(period, periods[k]) > APART for k in kept):
            kept.append(number)
    return lines.iloc[kept[:NAMED_LINES]]


def _period(hours: float) -> str:
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} d"  # noqa: PLR2004
