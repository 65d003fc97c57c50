"""The sample's climate over HTTP, as the Open-Meteo archive answers, for a client to read."""

from datetime import date, timedelta
from http.server import ThreadingHTTPServer
from typing import Any

from bench.place import PLACE
from tests.fixtures.json_server import Query, serve_json
from triptych.weather.sources.sample import SampleClimate
from triptych.weather.variables import VARIABLES


def serve_sample() -> ThreadingHTTPServer:
    """Serve on a free port of this machine until `shutdown`."""
    return serve_json(_answer)


def _answer(query: Query) -> dict[str, Any]:
    start = date.fromisoformat(query["start_date"][0])
    end = date.fromisoformat(query["end_date"][0]) + timedelta(days=1)
    names = query["hourly"][0].split(",")
    hours = SampleClimate().fetch(PLACE, start, end, names).frame.set_index("time")
    whole = hours.asfreq("h").reindex(columns=names).round(2).astype(object)
    whole = whole.where(whole.notna(), None)
    return {
        "utc_offset_seconds": 0,
        "hourly_units": {"time": "iso8601", **{name: VARIABLES[name].unit for name in names}},
        "hourly": {
            "time": whole.index.strftime("%Y-%m-%dT%H:%M").tolist(),
            **{name: whole[name].tolist() for name in names},
        },
    }
