"""The zone whose days a request means."""

from datetime import UTC, tzinfo
from typing import Literal

from api.absences import refuse_location
from api.database import Database
from api.listings import LOCATION_SLUGS, ZONE
from api.problems import Complaint, ProblemError, refuse_parameters
from api.zones import find_zone


def find_zone_of(database: Database, location: str | None, tz: Literal["utc", "local"]) -> tzinfo:
    """Find the zone whose days are asked for: UTC, or the one of the location.

    Raises:
        ProblemError: 422, no location is named, or its zone is unknown here; 404, the location is.
    """
    if tz == "utc":
        return UTC
    if location is None:
        raise _refuse_zone("utc, or local together with a location")
    rows = database.fetch(ZONE, {"location": location})
    if not rows:
        slugs = database.run(lambda connection: list(connection.scalars(LOCATION_SLUGS)))
        raise refuse_location(location, slugs)
    name = rows[0][0]
    zone = find_zone(name)
    if zone is None:
        raise _refuse_zone(f"utc: the zone {name!r} of {location} is unknown here")
    return zone


def _refuse_zone(rule: str) -> ProblemError:
    return refuse_parameters([Complaint(parameter="tz", found="local", allowed=rule)])
