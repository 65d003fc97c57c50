"""The style of the pipelines' matplotlib figures: panels of one size, with a grid."""

from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

_MOST = 30  # groups that are drawn


def draw_panels(
    groups: Iterable[Any], columns: int = 1, *, height: float = 3.4, empty: str = ""
) -> tuple[Figure, list[Any]]:
    """Make a figure with a row of panels for each group, `height` inches high; `empty` is the text
    of a figure without a group. Each group is returned with its axes: a list if there are columns.
    Of many groups the first are drawn, and the title says so.
    """
    every = list(groups)
    shown = every[:_MOST]
    width = 9 if columns == 1 else 4.6 * columns + 1
    # the object interface: pyplot would keep every figure of the process in memory
    figure = Figure(figsize=(width, height * max(1, len(shown))), layout="constrained")
    if not shown:
        figure.text(0.5, 0.5, empty, horizontalalignment="center")
        return figure, []
    if len(every) > _MOST:
        figure.suptitle(f"The first {_MOST} of {len(every):,}")
    axes = figure.subplots(len(shown), columns, squeeze=False)
    for each in axes.flat:
        each.grid(alpha=0.3)
    rows = axes[:, 0] if columns == 1 else axes.tolist()
    return figure, list(zip(shown, rows, strict=True))


def label(axes: Axes, title: str, xlabel: str, ylabel: str, **legend: Any) -> None:
    """Set the title and labels of a panel, and a legend if any line has a label."""
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(**{"fontsize": "small"} | legend)
