"""Split conformal intervals: the width comes from forecasts of days that the model was not fitted
on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.forecasting.contract import LEVEL
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.features.grid import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Intervals:
    """Half widths in °C by location and lead: `half_widths` has shape (location, lead); `pooled`
    (lead,) over all.
    """

    locations: tuple[str, ...]
    leads: IntArray
    half_widths: FloatArray
    pooled: FloatArray

    def half_width(self, locations: Sequence[str], leads: IntArray) -> FloatArray:
        """Half widths, shape (location, lead): linear between leads seen, the last one's beyond
        them.

        A location without its own residuals takes the pooled width.
        """
        known = {name: row for row, name in enumerate(self.locations)}
        rows = [self.half_widths[known[n]] if n in known else self.pooled for n in locations]
        return np.stack([np.interp(leads, self.leads, row) for row in rows])


def learn_intervals(forecasts: pd.DataFrame, level: float = LEVEL) -> Intervals:
    """Half widths from validation forecasts of one model (`location, lead, mean, observed`).

    The ⌈(n + 1) x level⌉-th smallest absolute residual of each location and lead covers at least
    `level` of new days exchangeable with these (Lei et al., J. Am. Stat. Assoc. 113, 2018,
    1094-1111, section 2.2).
    """
    error = (forecasts["mean"] - forecasts["observed"]).abs()
    kept = forecasts.assign(error=error)[error.notna()]
    if kept.empty:
        raise ForecastingError(
            "Intervals are learned from validation errors, but no forecast has its observation: "
            "check the validation period."
        )
    pooled = kept.groupby("lead")["error"].agg(_quantile, level=level)
    table = kept.groupby(["location", "lead"])["error"].agg(_quantile, level=level).unstack()
    table = table.reindex(columns=pooled.index).fillna(pooled)
    return Intervals(
        locations=tuple(str(name) for name in table.index),
        leads=pooled.index.to_numpy(dtype=np.int64),
        half_widths=table.to_numpy(dtype=np.float64),
        pooled=pooled.to_numpy(dtype=np.float64),
    )


def _quantile(errors: "pd.Series[float]", level: float) -> float:
    ordered: npt.NDArray[np.float64] = np.sort(errors.to_numpy(dtype=np.float64))
    rank = int(np.ceil((len(ordered) + 1) * level))
    return float(ordered[min(rank, len(ordered)) - 1])
