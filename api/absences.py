"""Answers for what is not there: they say what there is."""

from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus

from sqlalchemy import Connection

from api import queries
from api.problems import Complaint, ProblemError

_NAMED = 20  # locations named in a message
_LAST_STEP = time(21, tzinfo=UTC)


def explain_absence(
    connection: Connection, start: date, end: date, location: str | None
) -> ProblemError:
    """Say why no forecast covers a period: unknown location, or other dates are there."""
    slugs = list(connection.scalars(queries.LOCATION_SLUGS))
    if location is not None and location not in slugs:
        return _unknown_location(location, slugs)
    extent = connection.execute(queries.EXTENT[location is not None], {"location": location}).one()
    asked = str(start) if start == end else f"{start} to {end}"
    place = f" for {location!r}" if location else ""
    there_is = _describe_extent(extent.first, extent.last)
    parameter = "date" if start == end else "start"
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        "no-prediction",
        f"No forecast issued at or before the day covers {asked}{place}. There is: {there_is}.",
        [Complaint(parameter=parameter, found=asked, allowed=there_is)],
    )


def refuse_size(days: int, places: int, expected: int, allowed: int) -> ProblemError:
    """Say that an answer would be too large, and how to ask for less."""
    rule = f"at most {allowed} steps an answer"
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "too-much",
        f"{days} days of {places} locations are {expected} steps; {rule}. "
        "Name a location, or ask for fewer days.",
        [Complaint(parameter="location", found=None, allowed=f"a location: {rule}")],
    )


def _unknown_location(location: str, slugs: list[str]) -> ProblemError:
    more = f" and {len(slugs) - _NAMED} more, see /locations" if len(slugs) > _NAMED else ""
    known = f"{', '.join(slugs[:_NAMED])}{more}" if slugs else "none yet; run the pipelines first"
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-location",
        f"There is no location {location!r}. Known: {known}.",
        [Complaint(parameter="location", found=location, allowed=f"one of: {known}")],
    )


def _describe_extent(first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None:
        return "no prediction at all yet; run the pipelines first"
    whole = (
        last.date()
        if last.time() == _LAST_STEP.replace(tzinfo=None)
        else last.date() - timedelta(days=1)
    )
    return f"{first.date()} to {whole}"
