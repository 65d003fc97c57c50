"""A small real HTTP server that answers as the Open-Meteo APIs do, and fails when told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from triptych.weather.variables import VARIABLES

LIMIT = "Minutely API request limit exceeded. Please try again in one minute."
FRANCE, USA = {"country": "France", "country_code": "FR"}, {"country": "United States"}
CITIES = [
    {"name": name, "latitude": latitude, "longitude": longitude, "elevation": elevation,
     "timezone": timezone, **others}
    for name, latitude, longitude, elevation, timezone, others in (
        ("Ajaccio", 41.91886, 8.73812, 15.0, "Europe/Paris", FRANCE | {"admin1": "Corsica"}),
        ("Saint-Étienne", 45.43389, 4.39, 518.0, "Europe/Paris", FRANCE),
        ("Saint-Étienne-du-Rouvray", 49.37794, 1.10467, 29.0, "Europe/Paris", FRANCE),
        ("Paris", 48.85341, 2.3488, 42.0, "Europe/Paris",
         FRANCE | {"admin1": "Île-de-France", "population": 2_138_551}),
        ("Paris", 33.66094, -95.55551, 181.0, "America/Chicago",
         USA | {"admin1": "Texas", "population": 24_782}),
        ("Paris", 38.2098, -84.25299, 257.0, "America/New_York",
         USA | {"admin1": "Kentucky", "population": 9_870}),
    )
]  # fmt: skip
CITIES.append({"name": "Nowhere", "latitude": 1.0, "longitude": 2.0, "country": "Sea"})

Answer = dict[str, Any]


def archive_answer(query: dict[str, str]) -> tuple[int, Answer]:
    """Temperature counts the hours from 0.0 in tenths; every other variable is 10."""
    for latitude in query["latitude"].split(","):
        if not -90 <= float(latitude) <= 90:
            reason = f"Latitude must be in range of -90 to 90°. Given: {latitude}."
            return 400, {"error": True, "reason": reason}
    names = query["hourly"].split(",")
    for name in names:
        if name not in VARIABLES:
            reason = f"Cannot initialize VariableOrSpread from invalid String value {name}."
            return 400, {"error": True, "reason": reason}
    start, end = date.fromisoformat(query["start_date"]), date.fromisoformat(query["end_date"])
    midnight = datetime(start.year, start.month, start.day)
    hours = [midnight + timedelta(hours=h) for h in range(24 * ((end - start).days + 1))]
    values = {name: [10.0] * len(hours) for name in names}
    values["temperature_2m"] = [round(h / 10, 1) for h in range(len(hours))]
    return 200, {
        "latitude": 48.763,
        "longitude": 2.229,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "hourly_units": {"time": "iso8601", **{name: VARIABLES[name] for name in names}},
        "hourly": {"time": [f"{hour:%Y-%m-%dT%H:%M}" for hour in hours], **values},
    }


MODELS = ("ecmwf_ifs025", "gfs_global", "icon_global", "arome_france")
PUBLICATION = timedelta(hours=6)


def forecast_answer(query: dict[str, str], now: datetime) -> tuple[int, Answer]:
    """Weather models: temperature is 10 °C plus the lead day; arome_france is null everywhere.

    Null is what is not analysed or not published at `now`. Nothing is known at 99° W.
    """
    models = query["models"].split(",")
    for model in models:
        if model not in MODELS:
            reason = f"Cannot initialize MultiDomains from invalid String value {model}."
            return 400, {"error": True, "reason": f"Data corrupted at path ''. {reason}"}
    if query["start_date"] < "2024":
        reason = "Parameter 'start_date' is out of allowed range from 2024-01-01 to 2100-01-01"
        return 400, {"error": True, "reason": reason}
    if "-99.0" in query["longitude"].split(","):
        return 400, {"error": True, "reason": "No data is available for this location"}
    names = query["hourly"].split(",")
    status, answer = archive_answer(query | {"hourly": "temperature_2m"})
    hours = [datetime.fromisoformat(time) for time in answer["hourly"]["time"]]
    units, hourly = answer["hourly_units"], answer["hourly"]
    del units["temperature_2m"], hourly["temperature_2m"]
    for model in models:
        for name in names:
            base, _, lead = name.partition("_previous_day")
            until = now if not lead else now - PUBLICATION + timedelta(days=int(lead), hours=1)
            level = {"temperature_2m": 10.0, "surface_pressure": 1000.0}.get(base, 5.0)
            key = f"{name}_{model}" if len(models) > 1 else name
            units[key] = VARIABLES[base]
            hourly[key] = [
                None if hour >= until or model == "arome_france" else level + int(lead or 0)
                for hour in hours
            ]
    return status, answer


def _of_each(query: dict[str, str], status: int, answer: Answer) -> Any:
    """Of several places an array, the temperature of each a degree above that of the one before."""
    count = len(query.get("latitude", "").split(","))
    if count == 1 or status != 200:
        return answer
    hourly = answer["hourly"]
    if "temperature_2m" not in hourly:
        return [answer] * count
    return [
        answer | {"hourly": hourly | {"temperature_2m": [t + n for t in hourly["temperature_2m"]]}}
        for n in range(count)
    ]


def geocoding_answer(query: dict[str, str]) -> tuple[int, Answer]:
    """Like the real service, leave `results` out when nothing matches."""
    found = [city for city in CITIES if city["name"].lower().startswith(query["name"].lower())]
    return 200, {"generationtime_ms": 0.3, **({"results": found} if found else {})}


def _unchanged(answer: Answer) -> None:
    """Leave an answer as it is."""


class ArchiveServer:
    """Answers on a free port; `faults` are spent one a request, `change` edits the answers."""

    change: Callable[[Answer], None]

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.headers: dict[str, str] = {}
        self.change = _unchanged
        self.now = datetime(2100, 1, 1)
        self.paths: list[str] = []
        self.requests: list[dict[str, str]] = []
        self.authorizations: list[str | None] = []
        self._http = _Quiet(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchiveServer]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    running = ArchiveServer()
    yield running
    running.close()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that no longer waits is part of the tests."""


def _handler(server: ArchiveServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query))
            server.requests.append(query)
            server.paths.append(url.path)
            server.authorizations.append(self.headers["Authorization"])
            fault = server.faults.pop(0) if server.faults else ""
            if fault == "drop":
                self.close_connection = True
            elif fault == "text":
                self._send(200, b"Internal error: stream was closed")
            elif fault == "error in 200":
                self._send(200, b'{"error": true, "reason": "Something went wrong."}')
            elif fault == "array":
                self._send(200, b"[1, 2]")
            elif fault.partition(" ")[0].isdigit():
                status, _, reason = fault.partition(" ")
                body = json.dumps({"error": True, "reason": reason or LIMIT}).encode()
                self._send(int(status), body)
            else:
                self._answer(url.path, query, fault)

        def _answer(self, path: str, query: dict[str, str], fault: str) -> None:
            if fault == "slow":
                time.sleep(0.5)
            answers = {"/v1/archive": archive_answer, "/v1/search": geocoding_answer}
            if path in answers:
                status, answer = answers[path](query)
            elif path.endswith("/v1/forecast"):
                status, answer = forecast_answer(query, server.now)
            else:
                return self._send(404, b"Not Found")
            server.change(answer)
            body = json.dumps(_of_each(query, status, answer)).encode()
            return self._send(status, body[: len(body) // 2] if fault == "half" else body)

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
