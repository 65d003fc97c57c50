"""Answers for what is not there: they say what there is."""

import re
from collections.abc import Sequence
from datetime import date, tzinfo
from http import HTTPStatus

from sqlalchemy import Connection

from api import listings, queries
from api.paging import SLUG
from api.problems import Complaint, ProblemError, suggest
from api.zones import bind_day, find_steps

_NAMED = 20  # locations named in a message


def explain_absence(
    connection: Connection,
    parameter: str,
    start: date,
    end: date,
    zone: tzinfo,
    location: str | None,
) -> ProblemError:
    """Say why no forecast covers a period: unknown location, or other dates are there.

    Args:
        connection: where to look for what there is.
        parameter: the query parameter that named the period.
        start: the first day that was asked for.
        end: the last day, included.
        zone: whose days they are.
        location: the slug that was asked for, or None for all.
    """
    slugs = list(connection.scalars(listings.LOCATION_SLUGS))
    if location is not None and location not in slugs:
        return refuse_location(location, slugs)
    asked = str(start) if start == end else f"{start} to {end}"
    place = f" for {location!r}" if location else ""
    days = _list_candidates(connection, zone, location)
    parts = [day for day in days if day < start], [day for day in days if day > end]
    ranges = [_find_ends(connection, part, zone, location) for part in parts]
    none = "no day as a whole" if days else "no prediction at all yet; run the pipelines first"
    there_is = ", ".join(filter(None, ranges)) or none
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        "no-prediction",
        f"No forecast issued by the start of the day covers {asked}{place}. There is: {there_is}.",
        [Complaint(parameter=parameter, found=asked, allowed=there_is)],
    )


def refuse_location(location: str, slugs: list[str]) -> ProblemError:
    """Say that a location is unknown, and which ones there are: 422 if it is no slug, else 404."""
    more = f" and {len(slugs) - _NAMED} more, see /locations" if len(slugs) > _NAMED else ""
    known = f"{', '.join(slugs[:_NAMED])}{more}" if slugs else "none yet; run the pipelines first"
    status, kind = HTTPStatus.NOT_FOUND, "unknown-location"
    if not re.fullmatch(SLUG, location):
        status, kind = HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-parameter"
    return ProblemError(
        status,
        kind,
        f"There is no location {location!r}.{suggest(location, slugs)} Known: {known}.",
        [Complaint(parameter="location", found=location, allowed=f"one of: {known}")],
    )


def _list_candidates(connection: Connection, zone: tzinfo, location: str | None) -> Sequence[date]:
    """List the days from the first to the last that have any forecast step."""
    extent = connection.execute(queries.EXTENT[location is not None], {"location": location}).one()
    if extent.first is None:
        return ()
    first, last = (instant.astimezone(zone).toordinal() for instant in extent)
    return [date.fromordinal(day) for day in range(first, last + 1)]


def _find_ends(
    connection: Connection, days: Sequence[date], zone: tzinfo, location: str | None
) -> str:
    """Name the first and the last of some days that a forecast covers: they can be asked for."""
    query = queries.COVERED[location is not None]

    def is_covered(day: date) -> bool:
        steps = find_steps(day, zone)
        if steps is None:
            return False
        return connection.scalar(query, bind_day(steps, location)) is not None

    ends = (next(filter(is_covered, each), None) for each in (days, reversed(days)))
    return " to ".join(str(day) for day in sorted(set(filter(None, ends))))
