"""Read a response of Open-Meteo, and accept only what was requested."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from triptych.weather.errors import InvalidResponse
from triptych.weather.sources.base import Fetched, Floats, Hours, to_times
from triptych.weather.variables import VARIABLES

NO_UNIT = "undefined"  # the unit of a variable that a model does not have


def read_values(
    response: Mapping[str, Any], hours: Hours, variables: Sequence[str], what: str
) -> dict[str, Floats]:
    """Read a value for each hour and variable, NaN for null; messages name the request, `what`.

    Raises:
        InvalidResponse: other hours, units, lengths or offset than requested.
    """

    def refuse(rule: str, found: object) -> NoReturn:
        raise InvalidResponse(
            f"{what}: the response must {rule}; found {found}. Nothing of it was used. Is another "
            "service answering at this address?"
        )

    offset, hourly, units = (
        response.get(name) for name in ("utc_offset_seconds", "hourly", "hourly_units")
    )
    if offset != 0:
        refuse("be in UTC, with an offset of 0 s", repr(offset))
    if not isinstance(hourly, Mapping) or not isinstance(units, Mapping):
        refuse("hold `hourly` and `hourly_units`", sorted(response))
    times = _array(hourly.get("time"), "datetime64[m]")
    if not np.array_equal(times, hours.astype("datetime64[m]")):
        span = f"{times.size}, {times[0]} to {times[-1]}" if times.size else "no readable times"
        refuse(f"have the {hours.size} hours {hours[0]}:00 to {hours[-1]}:00", span)
    values = {name: _array(hourly.get(name), "float64") for name in variables}
    for name, column in values.items():
        if len(column) != len(hours):
            rule = f"have a number of {name} for each of {len(hours)} hours"
            refuse(rule, len(column) or "none")
        unit = VARIABLES.get(name.partition("_previous_day")[0])
        absent = units.get(name) == NO_UNIT and bool(np.isnan(column).all())
        if unit and units.get(name) != unit and not absent:
            refuse(f"have {name} in {unit}", repr(units.get(name)))
    return values


def read_hours(
    slug: str, response: Mapping[str, Any], hours: Hours, variables: Sequence[str], what: str
) -> Fetched:
    """Read the hours that have a value of any variable: the archive answers null for the others."""
    values = read_values(response, hours, variables, what)
    known = ~np.logical_and.reduce([np.isnan(column) for column in values.values()])
    columns = {name: column[known] for name, column in values.items()}
    frame = pd.DataFrame({"location": slug, "time": to_times(hours[known]), **columns})
    units = response["hourly_units"]
    return Fetched(frame, frozenset(n for n in variables if units.get(n) == NO_UNIT))


def _array(values: Any, dtype: str) -> Any:
    """Convert a list; empty if it cannot be read."""
    try:
        return np.array(values, dtype=dtype) if isinstance(values, list) else np.empty(0, dtype)
    except (TypeError, ValueError):
        return np.empty(0, dtype)
