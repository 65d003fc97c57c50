"""GET /predictions of the databases of bench.scale: python -m bench.scale_api NAME=N=URL …

One process requests a day of a random city from each database in turn, so that other load affects
all alike. No response comes from the cache.
"""

import json
import logging
import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import Settings, create_app
from bench import cities
from bench.results import Row, row

_ROUNDS = 1_000
_WARM_UP = 200  # rounds before the measured ones
_LIMITS = 800  # another limit avoids the cache; the rows are the same


@dataclass
class _Measured:
    """A database served by the API, and the seconds of its requests."""

    name: str
    count: int
    client: TestClient
    seconds: list[float] = field(default_factory=list)


def main(*named: str) -> None:
    """Measure, and print the results as JSON."""
    logging.disable(logging.INFO)  # one line per request
    rng = np.random.default_rng(0)
    with ExitStack() as stack:
        databases = [_open(stack, name) for name in named]
        for number in range(_WARM_UP + _ROUNDS):
            for database in databases:
                _request(database, int(rng.integers(database.count)), number)
    sys.stdout.write(json.dumps([_result(database) for database in databases]) + "\n")


def _open(stack: ExitStack, named: str) -> _Measured:
    name, count, url = named.split("=", 2)
    app = create_app(Settings(database_url=SecretStr(url)))
    return _Measured(name, int(count), stack.enter_context(TestClient(app)))


def _request(database: _Measured, city: int, number: int) -> None:
    query = {
        "date": f"{cities.END:%Y-%m-%d}",
        "location": cities.slugs(city, 1)[0],
        "limit": 8 + number % _LIMITS,
    }
    started = time.perf_counter()
    response = database.client.get("/predictions", params=query)
    seconds = time.perf_counter() - started
    if response.status_code != 200 or response.json()["count"] != 8:
        raise RuntimeError(f"The API returned {response.status_code}: {response.text[:200]}")
    if number >= _WARM_UP:
        database.seconds.append(seconds)


def _result(database: _Measured) -> Row:
    what = f"{database.count:,} cities: GET /predictions, {database.name}"
    median = 1000 * statistics.median(database.seconds)
    return row(what, median, "ms", f"median of {_ROUNDS:,}", digits=3)


if __name__ == "__main__":
    main(*sys.argv[1:])
