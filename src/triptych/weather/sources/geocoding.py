"""Find a city's coordinates, elevation and time zone by its name.

API: https://open-meteo.com/en/docs/geocoding-api
"""

import re
import unicodedata
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from pydantic import ValidationError

from triptych.weather.errors import LocationError
from triptych.weather.locations import Location
from triptych.weather.sources.http import JsonService

Match = Mapping[str, Any]  # a place as the service describes it

GEOCODING_URL = "https://geocoding-api.open-meteo.com"
_MOST = 100  # the service's maximum: a region may be far down the list
_SHOWN = 10
_SLUG_LENGTH = 64
_REGIONS = ("country", "country_code", "admin1", "admin2", "admin3", "admin4")
# Letters that do not decompose into a Latin letter and an accent.
_LATIN = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "þ": "th"})


def search_places(name: str, base_url: str = GEOCODING_URL, **options: Any) -> list[Match]:
    """Look places up by name, best match first: exactly of this name, or else similar ones.

    `name`: in any language and script; after a comma its region or country ("Paris, Texas").
    `options`: those of JsonService. LocationError if nothing matches.
    """
    place, _, region = (part.strip() for part in name.partition(","))
    parameters = {"name": place, "count": str(_MOST), "language": "en"}
    setting = "TRIPTYCH_GEOCODING_URL"
    with closing(JsonService("Open-Meteo geocoding service", base_url, setting, **options)) as api:
        (response,) = api.get_many("/v1/search", parameters, 1, f"City {name!r}")
    matches = response.get("results") or []
    regions = [{slugify(str(match.get(key, ""))) for key in _REGIONS} for match in matches]
    wanted = slugify(region)
    found = [m for m, own in zip(matches, regions, strict=True) if not region or wanted in own]
    if not found:
        other = "; ".join(describe(match) for match in matches[:_SHOWN])
        raise LocationError(
            f"The geocoding service knows no place named {name!r}"
            f"{f', but {other}' if other else ''}. Try another spelling or a larger place nearby, "
            "or write the entry into the file of locations by hand."
        )
    exact = [match for match in found if slugify(str(match.get("name"))) == slugify(place)]
    return (exact or found)[:_SHOWN]


def slugify(name: str) -> str:
    """Turn a name into a slug, "Saint-Étienne" into saint-etienne; empty without Latin letters."""
    decomposed = unicodedata.normalize("NFKD", name.lower().translate(_LATIN))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_SLUG_LENGTH].strip("-")


def to_location(match: Match, name: str, slug: str | None = None) -> Location:
    """Convert a match to a location; LocationError if it lacks elevation or another field."""
    slug = slug or slugify(str(match.get("name", ""))) or slugify(name)
    fields = {key: match.get(key) for key in ("name", "latitude", "longitude", "elevation")}
    try:
        return Location.model_validate(
            {"slug": slug, "timezone": match.get("timezone"), "source": "open_meteo", **fields}
        )
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise LocationError(
            f"The geocoding service found {describe(match)} for {name!r}, but not all that a "
            f"location needs ({faults}). Write the entry into the file of locations by hand."
        ) from error


def describe(match: Match) -> str:
    """Describe a match in one line: name, region, country, coordinates, inhabitants."""
    name = ", ".join(match[key] for key in ("name", "admin1", "country") if match.get(key))
    people = f", {match['population']:,} inhabitants" if match.get("population") else ""
    return f"{name} ({match.get('latitude')}, {match.get('longitude')}){people}"
