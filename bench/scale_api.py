"""GET /predictions of the databases of bench.scale: python -m bench.scale_api NAME=N=URL …

All are asked in turn in one process, so that whatever else the machine does is the same for each:
a day of a random city of the N, eight rows, nothing from the cache. The median of the requests.
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
from bench.alone import Row
from bench.measured import row

_ROUNDS = 1_000
_WARM = 200  # rounds before those that count: connections, plans and pages are there
_LIMITS = 800  # another limit is another question, with the same answer


@dataclass
class _Asked:
    """A database behind the API, and how long its answers took."""

    name: str
    count: int
    client: TestClient
    took: list[float] = field(default_factory=list)


def main(*named: str) -> None:
    """Ask, and print rows of results as JSON."""
    logging.disable(logging.INFO)  # a line a request
    draw = np.random.default_rng(0)
    with ExitStack() as stack:
        asked = [_open(stack, each) for each in named]
        for number in range(_WARM + _ROUNDS):
            for each in asked:
                _ask(each, int(draw.integers(each.count)), number)
    sys.stdout.write(json.dumps([_told(each) for each in asked]) + "\n")


def _open(stack: ExitStack, named: str) -> _Asked:
    name, count, url = named.split("=", 2)
    app = create_app(Settings(database_url=SecretStr(url)))
    return _Asked(name, int(count), stack.enter_context(TestClient(app)))


def _ask(asked: _Asked, city: int, number: int) -> None:
    query = {
        "date": f"{cities.END:%Y-%m-%d}",
        "location": cities.slugs(city, 1)[0],
        "limit": 8 + number % _LIMITS,
    }
    started = time.perf_counter()
    answer = asked.client.get("/predictions", params=query)
    took = time.perf_counter() - started
    if answer.status_code != 200 or answer.json()["count"] != 8:
        raise RuntimeError(f"The API answered {answer.status_code}: {answer.text[:200]}")
    if number >= _WARM:
        asked.took.append(took)


def _told(asked: _Asked) -> Row:
    what = f"{asked.count:,} cities: GET /predictions, {asked.name}"
    return row(what, 1000 * statistics.median(asked.took), "ms", f"median of {_ROUNDS:,}")


if __name__ == "__main__":
    main(*sys.argv[1:])
