"""The NWP forecasts beside the history that forecasters take."""

from collections.abc import Sequence

import pandas as pd

from triptych.pipelines.ts_common.location_selection import Rows
from triptych.weather.history import with_nwp
from triptych.weather.variables import TEMPERATURE


def add_nwp(
    history: pd.DataFrame,
    nwp_rows: Rows,
    models: Sequence[str],
    end: pd.Timestamp,
    start: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Add the NWP forecasts of a history's locations up to `end` (weather.history.with_nwp).

    Args:
        history: the forecasters' contract.
        nwp_rows: the table `nwp_forecasts`.
        models: the weather models to use, of those in the table.
        end: exclusive.
        start: null for the start of the history.
    """
    first = history["time"].min() if start is None else start
    period = {"ge": first.to_pydatetime(), "lt": end.to_pydatetime()}
    forecasts = nwp_rows.read(
        ["location", "time", "model", "lead_day", TEMPERATURE],
        {"location": list(history["location"].unique()), "model": list(models), "time": period},
    )
    return with_nwp(history, forecasts)
