"""A process that is killed in the middle of a write leaves the rows that were there."""

import signal
import subprocess
import sys

import pytest
from sqlalchemy import Engine

from tests.fixtures.databases import dump_tables, write_rows
from tests.store.rows import WEATHER_COLUMNS, add_places, hours
from triptych.store.tables import weather_hourly

_WRITER = """
import sys, time
from tests.store.rows import WEATHER_COLUMNS, hours
from triptych.store.migrate import open_database
from triptych.store.tables import weather_hourly
from tests.fixtures.databases import write_rows

def rows():
    yield from hours(12_000, first=1)
    if sys.argv[2] == "while loading":
        stop()
    yield from hours(12_000, first=12_001)

def stop():
    print("now", flush=True)
    time.sleep(60)

with open_database(sys.argv[1]).begin() as connection:
    write_rows(connection, weather_hourly, WEATHER_COLUMNS, rows())
    stop()
"""


@pytest.mark.parametrize("moment", ["while loading", "before the commit"])
def test_kill_9_leaves_nothing_half_written(engine: Engine, moment: str) -> None:
    add_places(engine, "paris")
    with engine.begin() as connection:
        write_rows(connection, weather_hourly, WEATHER_COLUMNS, hours(1))
    before = dump_tables(engine)
    url = engine.url.render_as_string(hide_password=False)
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, url, moment], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "now\n"
    writer.kill()
    writer.communicate()
    assert writer.returncode == -signal.SIGKILL
    assert dump_tables(engine) == before
    with engine.begin() as connection:  # nothing is locked, no temporary table is left
        assert write_rows(connection, weather_hourly, WEATHER_COLUMNS, hours(24_001)) == 24_000
    assert dump_tables(engine)["weather_hourly"] == hours(24_001)
