"""NWP forecasts added to the history of the forecasters."""

from collections.abc import Sequence

import pandas as pd

from triptych.pipelines.ts_common.location_selection import Rows
from triptych.weather.steps import with_nwp
from triptych.weather.variables import TEMPERATURE

_BATCH = 500  # locations whose hourly NWP forecasts are in memory at once


def add_nwp(
    history: pd.DataFrame,
    nwp_rows: Rows,
    models: Sequence[str],
    end: pd.Timestamp,
    start: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Add the NWP forecasts of a history's locations up to `end` (weather.steps.with_nwp).

    Args:
        history: the forecasters' contract.
        nwp_rows: the table `nwp_forecasts`.
        models: the weather models to use, of those in the table.
        end: exclusive.
        start: null for the start of the history.
    """
    first = history["time"].min() if start is None else start
    period = {"ge": first.to_pydatetime(), "lt": end.to_pydatetime()}
    columns = ["location", "time", "model", "lead_day", TEMPERATURE]
    slugs, parts = pd.Categorical(history["location"]), []
    for batch in range(0, len(slugs.categories), _BATCH):
        few = slugs.categories[batch : batch + _BATCH]
        filters = {"location": list(few), "model": list(models), "time": period}
        rows = (slugs.codes >= batch) & (slugs.codes < batch + _BATCH)
        parts.append(with_nwp(history[rows], nwp_rows.read(columns, filters)))
    return pd.concat(parts, ignore_index=True)
