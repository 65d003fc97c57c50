"""Read an answer of the Open-Meteo archive, and take nothing that is not what was asked for."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.weather.errors import InvalidAnswer
from triptych.weather.sources.base import Fetched
from triptych.weather.variables import VARIABLES

logger = logging.getLogger(__name__)

Hours = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]

# The unit of a variable that a model does not have.
_NO_UNIT = "undefined"


def read_values(
    answer: Mapping[str, Any], hours: Hours, variables: Sequence[str], what: str
) -> dict[str, Floats]:
    """Check an answer against what was asked; a value an hour and variable, NaN for null.

    Args:
        answer: the JSON object.
        hours: the hours asked for (datetime64[h], UTC).
        variables: the variables asked for.
        what: the request, for messages.

    Raises:
        InvalidAnswer: other hours, units, lengths or offset than asked for.
    """
    offset = answer.get("utc_offset_seconds")
    if offset != 0:
        raise InvalidAnswer(
            f"{what}: the answer must be in UTC, with an offset of 0 s; found {offset!r}. "
            "Is another service answering at this address?"
        )
    hourly, units = answer.get("hourly"), answer.get("hourly_units")
    if not isinstance(hourly, Mapping) or not isinstance(units, Mapping):
        raise InvalidAnswer(
            f"{what}: the answer must hold `hourly` and `hourly_units`; found {sorted(answer)}. "
            "Is another service answering at this address?"
        )
    _check_hours(hourly.get("time"), hours, what)
    return {name: _column(name, hourly, units, len(hours), what) for name in variables}


def absent_variables(answer: Mapping[str, Any], variables: Sequence[str]) -> frozenset[str]:
    """The variables that the model does not have: their unit is undefined."""
    return frozenset(name for name in variables if answer["hourly_units"].get(name) == _NO_UNIT)


def known_hours(
    slug: str, hours: Hours, values: Mapping[str, Floats], absent: frozenset[str] = frozenset()
) -> Fetched:
    """Keep the hours that have a value of any variable: the archive answers null for the others."""
    empty = np.logical_and.reduce([np.isnan(column) for column in values.values()])
    kept = np.flatnonzero(~empty)
    last = int(kept[-1]) + 1 if kept.size else 0
    times = pd.DatetimeIndex(hours[kept].astype("datetime64[us]"), tz="UTC")
    columns = {name: column[kept] for name, column in values.items()}
    until = datetime.fromisoformat(str(hours[0])).replace(tzinfo=UTC) + timedelta(hours=last)
    if last < hours.size:
        logger.info("%s: the source has nothing from %s on yet", slug, until.isoformat())
    return Fetched(pd.DataFrame({"location": slug, "time": times, **columns}), until, absent)


def _check_hours(found: Any, hours: Hours, what: str) -> None:
    try:
        times = np.array(found, dtype="datetime64[m]")
    except (TypeError, ValueError) as error:
        raise InvalidAnswer(f"{what}: the answer's times are unreadable: {error}.") from error
    if not np.array_equal(times, hours.astype("datetime64[m]")):
        span = f"{times.size}, {times.flat[0]} to {times.flat[-1]}" if times.size else "none"
        raise InvalidAnswer(
            f"{what}: the answer must have the {hours.size} hours {hours[0]}:00 to "
            f"{hours[-1]}:00; found {span}. Nothing of it was used."
        )


def _column(
    name: str, hourly: Mapping[str, Any], units: Mapping[str, Any], length: int, what: str
) -> Floats:
    try:
        values = np.array(hourly.get(name), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidAnswer(f"{what}: {name} in the answer is not numbers: {error}.") from error
    if values.shape != (length,):
        raise InvalidAnswer(
            f"{what}: the answer must have a value of {name} for each of {length} hours; "
            f"found {values.size if values.ndim else 'none'}. Nothing of it was used."
        )
    base = name.partition("_previous_day")[0]
    expected = VARIABLES[base].unit if base in VARIABLES else units.get(name)
    absent = units.get(name) == _NO_UNIT and bool(np.isnan(values).all())
    if units.get(name) != expected and not absent:
        raise InvalidAnswer(
            f"{what}: {name} must be in {expected}; found {units.get(name)!r}. "
            "Nothing of it was used."
        )
    return values
