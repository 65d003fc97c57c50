"""The sample climate over HTTP, in the format of the Open-Meteo archive."""

from datetime import date, timedelta
from http.server import ThreadingHTTPServer
from typing import Any

from tests.fixtures.json_server import Query, serve_json
from tests.weather.places import fetch_one
from triptych.weather.locations import Location
from triptych.weather.sources.sample import SampleClimate
from triptych.weather.variables import VARIABLES

LOCATION = Location(
    slug="bench",
    name="Bench",
    latitude=48.0,
    longitude=2.0,
    elevation=50.0,
    timezone="UTC",
    source="sample",
)


def serve_sample() -> ThreadingHTTPServer:
    """Serve on a free local port until `shutdown`."""
    return serve_json(_respond)


def _respond(query: Query) -> dict[str, Any]:
    start = date.fromisoformat(query["start_date"][0])
    end = date.fromisoformat(query["end_date"][0]) + timedelta(days=1)
    names = query["hourly"][0].split(",")
    hours = fetch_one(SampleClimate(), LOCATION, start, end, names).frame.set_index("time")
    complete = hours.asfreq("h").reindex(columns=names).round(2).astype(object)
    complete = complete.where(complete.notna(), None)
    return {
        "utc_offset_seconds": 0,
        "hourly_units": {"time": "iso8601", **{name: VARIABLES[name] for name in names}},
        "hourly": {
            "time": complete.index.strftime("%Y-%m-%dT%H:%M").tolist(),
            **{name: complete[name].tolist() for name in names},
        },
    }
