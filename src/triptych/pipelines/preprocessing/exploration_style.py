"""What the figures of the exploration share: panels, titles, colours for light and dark."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from triptych.parameters.ingestion import ExplorationParameters

# Okabe and Ito (2008), without those that vanish on white or on black.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]
GREY = "#808080"
_GRID = "rgba(128, 128, 128, 0.3)"
_DAY_MS = 86_400_000
_PANEL_PIXELS = 190


def shown(
    table: pd.DataFrame, exploration: ExplorationParameters
) -> tuple[list[tuple[str, pd.DataFrame]], str]:
    """The locations that are drawn, each with its rows, and what a title says of the others."""
    slugs = sorted(table["location"].unique())
    drawn = slugs[: exploration.shown_locations]
    rest = "" if len(drawn) == len(slugs) else f", the first {len(drawn)} of {len(slugs)} locations"
    return [(slug, table[table["location"] == slug]) for slug in drawn], rest


def panels(rows: int, columns: int = 1, **settings: Any) -> go.Figure:
    """Make a figure of panels below and beside each other, at least one."""
    count = max(rows, 1)
    # a share of the height, which grows with the panels: the gap stays the same in pixels
    gap = min(0.4 / count, 36 / (_PANEL_PIXELS * count))
    return make_subplots(rows=count, cols=columns, vertical_spacing=gap, **settings)


def finish(
    figure: go.Figure, title: str, period: dict[str, str], rows: int, height: int = _PANEL_PIXELS
) -> go.Figure:
    """Give a figure its title with the period that it shows, its size, and neutral colours."""
    if not figure.data:
        figure.add_annotation(text="nothing to show in this period", showarrow=False)
    span = f"training and validation: {period['start']} to {period['end']}"
    figure.update_layout(
        title=f"{title}<br><sub>{span}</sub>",
        height=150 + height * max(rows, 1),
        margin={"t": 90, "b": 60, "l": 70, "r": 30},
        paper_bgcolor="rgba(0, 0, 0, 0)",
        plot_bgcolor="rgba(0, 0, 0, 0)",
        font={"color": GREY},
    )
    figure.update_xaxes(gridcolor=_GRID, zerolinecolor=_GRID, linecolor=GREY)
    figure.update_yaxes(gridcolor=_GRID, zerolinecolor=_GRID, linecolor=GREY)
    return figure


def daily_line(days: pd.Series, every: int = 1) -> dict[str, Any]:
    """The x and y of a line of daily values: dates as start and step, not one by one.

    Args:
        days: indexed by day, without holes.
        every: take one day out of so many.
    """
    return {
        "x0": f"{days.index[0]:%Y-%m-%d}",
        "dx": every * _DAY_MS,
        "y": days.iloc[::every].round(2).tolist(),
    }
