"""The NWP forecasts beside the history that forecasters take."""

from collections.abc import Sequence

import pandas as pd

from triptych.forecasting.features.nwp import nwp_column
from triptych.pipelines.ts_common.location_selection import Rows
from triptych.weather.history import nwp_to_three_hours
from triptych.weather.variables import TEMPERATURE

NWP_COLUMNS = ["location", "time", "model", "lead_day", TEMPERATURE]


def add_nwp(
    history: pd.DataFrame, nwp_rows: Rows, models: Sequence[str], end: pd.Timestamp
) -> pd.DataFrame:
    """Add the columns `nwp_<model>_day<N>` (3-hour means, °C), and the steps up to `end`.

    Steps after the last observation have NWP forecasts alone. A history of locations without NWP
    forecasts is returned as it is.

    Args:
        history: the forecasters' contract.
        nwp_rows: the table `nwp_forecasts`.
        models: the weather models to use, of those in the table.
        end: exclusive.
    """
    places = history.groupby("location", sort=False)[["latitude", "longitude"]].first()
    rows = nwp_rows.read(
        NWP_COLUMNS,
        {
            "location": list(places.index),
            "model": list(models),
            "time": {"ge": history["time"].min().to_pydatetime(), "lt": end.to_pydatetime()},
        },
    )
    if rows.empty:
        return history
    steps = nwp_to_three_hours(rows)
    column = [nwp_column(m, d) for m, d in zip(steps["model"], steps["lead_day"], strict=True)]
    wide = steps.assign(column=column).pivot(
        index=["location", "time"], columns="column", values=TEMPERATURE
    )
    joined = history.merge(wide.reset_index(), on=["location", "time"], how="outer")
    coordinates = (
        joined["location"].map(places["latitude"]),
        joined["location"].map(places["longitude"]),
    )
    joined = joined.assign(latitude=coordinates[0], longitude=coordinates[1])
    return joined.sort_values(["location", "time"], ignore_index=True)
