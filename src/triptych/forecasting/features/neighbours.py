"""The nearest other locations of the training data: weather arrives from them."""

import logging
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from triptych.forecasting.features.grid import Grid, IntArray

SHOWN = 5  # names in a message

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest other locations: `table` (location, rank) holds their rows, -1 for none."""

    locations: tuple[str, ...]
    table: IntArray

    @property
    def count(self) -> int:
        """Neighbours a location."""
        return int(self.table.shape[1])

    def rows(self, locations: tuple[str, ...]) -> IntArray:
        """Rows of the neighbours within `locations`, shape (location, rank), -1 if absent."""
        row = {name: place for place, name in enumerate(locations)}
        here = np.array([row.get(name, -1) for name in self.locations] + [-1], dtype=np.int64)
        known = {name: place for place, name in enumerate(self.locations)}
        return here[self.table[[known[name] for name in locations]]]

    def of(self, locations: Collection[str]) -> set[str]:
        """The neighbours of these locations."""
        known = {name: place for place, name in enumerate(self.locations)}
        wanted = self.table[[known[name] for name in locations]]
        return {self.locations[row] for row in wanted[wanted >= 0]}

    def warn_of_missing(self, locations: tuple[str, ...]) -> None:
        """Log the neighbours that a history lacks: forecasts are less accurate without them."""
        missing = sorted(self.of(locations) - set(locations))
        if missing:
            logger.warning(
                "The model was trained with neighbours that this history lacks: %s. Their features "
                "count as missing and forecasts are less accurate; add them to the history.",
                ", ".join(missing[:SHOWN]),
            )


def find_neighbours(grid: Grid, count: int) -> Neighbours:
    """The `count` nearest other locations of each, by great circle, nearest first."""
    from sklearn.neighbors import NearestNeighbors

    table = np.full((len(grid.locations), count), -1, dtype=np.int64)
    found = min(count, len(table) - 1)
    if found > 0:
        points = np.radians(np.stack([grid.latitude, grid.longitude], axis=1))
        index = NearestNeighbors(n_neighbors=found, algorithm="ball_tree", metric="haversine")
        table[:, :found] = index.fit(points).kneighbors(return_distance=False)  # without itself
    return Neighbours(grid.locations, table)
