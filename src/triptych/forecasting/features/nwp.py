"""Which NWP forecasts a forecast may use: the leak rule."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

DAY_HOURS = 24


def usable_lead_day(
    time: Any, as_of: Any, publication_delay: float, step_hours: int = 1
) -> npt.NDArray[np.int64]:
    """The smallest N whose `previous_dayN` was published at the issue time; at least 1.

    `previous_dayN` of an hour is from the newest run that started 24 N hours before it or earlier,
    and a run is published `publication_delay` hours after its start. Hence 24 N must be at least
    the hours from issue to target plus the delay. Day 0 is never usable: its run may be newer.

    Args:
        time: instants, start of the hour or of the step.
        as_of: issue time, one or one for each instant.
        publication_delay: hours.
        step_hours: 3 for 3-hour means, whose last hour counts.
    """
    issued = as_of if isinstance(as_of, pd.Timestamp) else pd.DatetimeIndex(as_of)
    ahead = pd.DatetimeIndex(time) - issued
    hours = ahead.total_seconds().to_numpy() / 3600 + step_hours - 1 + publication_delay
    return np.maximum(np.ceil(hours / DAY_HOURS), 1).astype(np.int64)
