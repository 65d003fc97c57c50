"""Errors for names and forecasts that do not exist; they list what does."""

import re
from collections.abc import Sequence
from datetime import date, tzinfo

from sqlalchemy import Connection

from api.local_days import LocalDay, list_local_days
from api.params import SLUG, ForecastParams
from api.problems import InvalidParam, ProblemError, suggest
from api.queries import find_extent, is_covered, list_slugs

_SHOWN = 20  # names in a message


def unknown_name_error(
    parameter: str, found: str, known: Sequence[str], kind: str, having: str = ""
) -> ProblemError:
    """Return the 404 of a name that does not exist, or has no data; it lists those that do."""
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    names = f"{', '.join(known[:_SHOWN])}{more}" if known else "none yet; run the pipelines first"
    detail = f"There is no {parameter.replace('_', ' ')} {found!r}{having}.{suggest(found, known)}"
    param = InvalidParam(parameter=parameter, found=found, allowed=f"one of: {names}")
    if parameter == "location" and not re.fullmatch(SLUG, found):
        return ProblemError(422, "invalid-parameter", f"{detail} Known: {names}.", param)
    return ProblemError(404, kind, f"{detail} Known: {names}.", param)


def no_prediction_error(
    connection: Connection, params: ForecastParams, period: tuple[date, date], zone: tzinfo
) -> ProblemError:
    """Return the error of a period that no forecast covers; it names the days that are covered."""
    location, (start, end) = params.location, period
    if location is not None and location not in (slugs := list_slugs(connection)):
        return unknown_name_error("location", location, slugs, "unknown-location")
    extent = find_extent(connection, location)
    known = "no prediction at all yet; run the pipelines first"
    if extent.first is not None:
        first, last = (instant.astimezone(zone).date() for instant in extent)
        days = list_local_days(first, last, zone)
        parts = [d for d in days if d.day < start], [d for d in days if d.day > end]
        spans = [_find_covered(connection, part, location) for part in parts]
        known = ", ".join(filter(None, spans)) or "no day as a whole"
    requested = str(start) if start == end else f"{start} to {end}"
    covers = f"covers {requested} for {location!r}" if location else f"covers {requested}"
    detail = f"No forecast issued by the start of the day {covers}. There is: {known}."
    name = "date" if "date" in type(params).model_fields else "start"
    param = InvalidParam(parameter=name, found=requested, allowed=known)
    return ProblemError(404, "no-prediction", detail, param)


def _find_covered(connection: Connection, days: Sequence[LocalDay], location: str | None) -> str:
    """Return the first and the last of some days that a forecast covers; empty if none is."""
    covered = [
        next((each.day for each in some if is_covered(connection, each, location)), None)
        for some in (days, reversed(days))
    ]
    return " to ".join(str(day) for day in dict.fromkeys(filter(None, covered)))
