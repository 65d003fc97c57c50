"""Find a city's coordinates, elevation and time zone by its name.

API: https://open-meteo.com/en/docs/geocoding-api
"""

import logging
import re
import time
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from pydantic import ValidationError

from triptych.weather.errors import CityNotFound, SourceRefused, SourceUnavailable
from triptych.weather.http import JsonService
from triptych.weather.locations import Location
from triptych.weather.source import ATTEMPTS, TIMEOUT_SECONDS

logger = logging.getLogger(__name__)

GEOCODING_URL = "https://geocoding-api.open-meteo.com"
_SHOWN = 5
_SLUG_LENGTH = 64
# Letters that do not come apart into a Latin letter and an accent.
_LATIN = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "þ": "th"})


def find_city(
    name: str,
    base_url: str = GEOCODING_URL,
    *,
    timeout: float = TIMEOUT_SECONDS,
    attempts: int = ATTEMPTS,
    sleep: Callable[[float], None] = time.sleep,
) -> Location:
    """Look a city up; the first match is taken, and the log says which of how many.

    Args:
        name: the city, in any language and script.
        base_url: the address below which `/v1/search` answers.
        timeout: seconds that one answer may take.
        attempts: how often the service is asked at most.
        sleep: how to wait between attempts.

    Raises:
        CityNotFound: nothing matches, or what matches lacks coordinates, elevation or time zone.
        SourceUnavailable, SourceRefused: the service does not answer.
    """
    service = JsonService(
        "Open-Meteo geocoding service",
        base_url,
        "TRIPTYCH_GEOCODING_URL",
        timeout=timeout,
        attempts=attempts,
        sleep=sleep,
    )
    with closing(service):
        parameters = {"name": name.strip(), "count": str(_SHOWN), "language": "en"}
        try:
            answer = service.get("/v1/search", parameters)
        except (SourceRefused, SourceUnavailable) as error:
            raise type(error)(f"City {name!r}: {error}") from error
    matches = answer.get("results") or []
    if not matches:
        raise CityNotFound(
            f"The geocoding service knows no place named {name!r}. Try another spelling or a "
            "larger place nearby, or write the entry into the file of locations by hand."
        )
    if len(matches) > 1:
        others = "; ".join(_describe(match) for match in matches[1:])
        logger.info("%s: took %s. Other matches: %s", name, _describe(matches[0]), others)
    return _location(name, matches[0])


def slugify(name: str) -> str:
    """Turn a name into a slug, "Saint-Étienne" into saint-etienne; empty without Latin letters."""
    apart = unicodedata.normalize("NFKD", name.lower().translate(_LATIN))
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_SLUG_LENGTH].strip("-")


def _location(name: str, match: Mapping[str, Any]) -> Location:
    slug = slugify(str(match.get("name", ""))) or slugify(name)
    fields = {key: match.get(key) for key in ("name", "latitude", "longitude", "elevation")}
    try:
        return Location.model_validate(
            {"slug": slug, "timezone": match.get("timezone"), "source": "open_meteo", **fields}
        )
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise CityNotFound(
            f"The geocoding service found {_describe(match)} for {name!r}, but not all that a "
            f"location needs ({faults}). Write the entry into the file of locations by hand."
        ) from error


def _describe(match: Mapping[str, Any]) -> str:
    parts = [match.get(key) for key in ("name", "admin1", "country")]
    where = f"{match.get('latitude')}, {match.get('longitude')}"
    return f"{', '.join(str(part) for part in parts if part)} ({where})"
