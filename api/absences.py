"""Answers for what is not there: they say what there is."""

from datetime import date, datetime, timedelta
from http import HTTPStatus

from sqlalchemy import Connection

from api import listings, queries
from api.problems import Complaint, ProblemError

_NAMED = 20  # locations named in a message
_STEP = timedelta(hours=3)
_DAY = timedelta(days=1)


def explain_absence(
    connection: Connection, parameter: str, start: date, end: date, location: str | None
) -> ProblemError:
    """Say why no forecast covers a period: unknown location, or other dates are there.

    Args:
        connection: where to look for what there is.
        parameter: the query parameter that named the period.
        start: the first day that was asked for.
        end: the last day, included.
        location: the slug that was asked for, or None for all.
    """
    slugs = list(connection.scalars(listings.LOCATION_SLUGS))
    if location is not None and location not in slugs:
        return refuse_location(location, slugs)
    extent = connection.execute(queries.EXTENT[location is not None], {"location": location}).one()
    asked = str(start) if start == end else f"{start} to {end}"
    place = f" for {location!r}" if location else ""
    there_is = _describe_extent(extent.first, extent.last)
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        "no-prediction",
        f"No forecast issued by the start of the day covers {asked}{place}. There is: {there_is}.",
        [Complaint(parameter=parameter, found=asked, allowed=there_is)],
    )


def refuse_location(location: str, slugs: list[str]) -> ProblemError:
    """Say that a location is unknown, and which ones there are."""
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
    last_day = (last + _STEP - _DAY).date()  # the last one that is whole
    return f"{first.date()} to {last_day}"
