"""The sample's climate over HTTP, as the Open-Meteo archive answers, for a client to read."""

import json
import threading
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from triptych.weather.locations import Location
from triptych.weather.sample import SampleClimate
from triptych.weather.variables import VARIABLES

_PLACE = Location(
    slug="bench",
    name="Bench",
    latitude=48.0,
    longitude=2.0,
    elevation=50.0,
    timezone="UTC",
    source="sample",
)


def serve_sample() -> ThreadingHTTPServer:
    """Serve on a free port of this machine until `shutdown`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps(_answer(parse_qs(urlsplit(self.path).query))).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _answer(query: dict[str, list[str]]) -> dict[str, Any]:
    start = date.fromisoformat(query["start_date"][0])
    end = date.fromisoformat(query["end_date"][0]) + timedelta(days=1)
    names = query["hourly"][0].split(",")
    hours = SampleClimate().fetch(_PLACE, start, end, names).frame.set_index("time")
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
