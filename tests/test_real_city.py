"""Runs the README's commands for a real city, then the daily one, against a weather server."""

import re
import shlex
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import pandas as pd
import pytest

from tests.api.conftest import open_client
from tests.fixtures.databases import dump_tables
from tests.fixtures.documents import read_commands
from tests.fixtures.project import ROOT, Project
from tests.weather.archive_server import Answer, ArchiveServer
from tests.weather.places import PARIS
from triptych.weather.sources.base import Query
from triptych.weather.sources.sample import SampleClimate
from triptych.weather.variables import TEMPERATURE, VARIABLES

DOCUMENTS = ("README.md", "compose.yaml", "docs/*.md", ".github/workflows/*.yml")
SERVICES = ("OPEN_METEO", "FORECAST", "HISTORICAL_FORECAST", "PREVIOUS_RUNS", "GEOCODING")
TODAY = datetime(2026, 11, 27)
DELAY = timedelta(days=5)  # of the reanalysis
DAY = timedelta(days=1)
# The full size takes minutes.
SMALL = """
models: { learned: { kernel_ridge: null, random_forest: null, lightgbm: null } }
statistical: { models: { sarima: null, sarimax: null, sarima_ridge: null }, trials: 0 }
tuning: { trials: 0, models: [], feature_set_locations: 0 }
nwp: { models: [gfs_global, icon_global] }
"""
SOURCES = "reanalysis (open_meteo); recent analysis (ecmwf_ifs025); NWP (gfs_global, icon_global)"


def synthetic_weather(server: ArchiveServer) -> Callable[[Answer], None]:
    """Return a change of the server's answers: the sample's climate, as far as it is known `now`.

    Nulls of the forecast services stay; the reanalysis has values up to `DELAY` ago.
    """
    climate = SampleClimate()

    def change(answer: Answer) -> None:
        if "hourly" not in answer:  # of the geocoding service
            return
        asked, hourly = server.requests[-1], answer["hourly"]
        hours = [datetime.fromisoformat(time) for time in hourly["time"]]
        query = Query([PARIS], hours[0].date(), hours[-1].date() + DAY)
        models = asked["models"].split(",")
        if "previous_day" in asked["hourly"]:
            (rows,) = climate.fetch_nwp(query, models, range(1, 4))
            found = {
                f"{TEMPERATURE}_previous_day{lead}_{model}": forecast[TEMPERATURE]
                for (model, lead), forecast in rows.groupby(["model", "lead_day"])
            }
        else:
            (rows,) = climate.fetch_recent(query, list(VARIABLES), models[0], server.now.date())
            found = {name: rows[name] for name in VARIABLES}
        until = server.now - DELAY if server.paths[-1] == "/v1/archive" else datetime.max
        for name, values in found.items():
            hourly[name] = [
                value if old is not None and hour < until else None
                for hour, value, old in zip(hours, values, hourly[name], strict=True)
            ]

    return change


Run = Callable[[str, datetime], str]


@pytest.fixture
def run(project: Project, server: ArchiveServer) -> Run:
    """Return a function that runs the kedro commands of a section of the README as on a day.

    It returns their output. The day is fixed because the weather depends on it, and because
    midnight may pass between two commands.
    """
    live = project.path / "conf" / "live"
    for file in live.glob("parameters_ts_*.yml"):
        file.unlink()
    (live / "parameters_small.yml").write_text(SMALL)
    common = live / "parameters.yml"
    common.write_text(re.sub(r"_years: \d+", "_years: 1", common.read_text()))
    server.change = synthetic_weather(server)
    variables = {f"TRIPTYCH_{name}_URL": server.url for name in SERVICES}
    variables |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

    def run_section(heading: str, today: datetime) -> str:
        server.now = today
        (live / "globals.yml").write_text(f'today: "{today:%Y-%m-%d}"\n')
        lines = read_commands(ROOT / "README.md", heading).splitlines()
        commands = [shlex.split(line, comments=True) for line in lines]
        assert {words[0] for words in commands} <= {"kedro", "."}  # `.` activates .venv
        outputs = [project.output(*c[1:], **variables) for c in commands if c[0] == "kedro"]
        return "".join(outputs)

    return run_section


def test_a_city_is_added_forecast_and_continued_by_the_daily_command(
    project: Project, run: Run
) -> None:
    output = run("A real city", TODAY)

    engine = project.engine()
    rows = pd.read_sql("SELECT * FROM predictions", engine)
    tomorrow = rows[(rows["as_of"] == "2026-11-27T00:00:00Z") & (rows["lead"] > 8)]
    assert tomorrow["time"].tolist() == [f"2026-11-28T{hour:02}:00:00Z" for hour in range(0, 24, 3)]
    assert set(tomorrow["location"]) == {"ajaccio"}
    assert set(tomorrow["sources"]) == {SOURCES}
    title, hours, values, _ = [line[17:].rstrip() for line in output.splitlines()][-4:]
    assert title == "Temperature (°C) of Saturday, 28 November 2026, means of 3 hours from (UTC):"
    assert hours.split() == [f"{hour:02}:00" for hour in range(0, 24, 3)]
    assert values.split() == ["ajaccio", *(f"{each:.1f}" for each in tomorrow["temperature_2m"])]
    assert "WARNING" not in output

    before = dump_tables(engine)
    run("The daily job", TODAY)
    assert dump_tables(engine) == before
    engine.dispose()

    later = TODAY + DELAY + DAY  # the reanalysis has the day of the first forecast
    run("The daily job", later)
    with open_client(project.database_url) as client:
        first, last = (
            client.get(
                "/predictions/observed", params={"location": "ajaccio", "start": day, "end": day}
            ).json()
            for day in (f"{TODAY:%Y-%m-%d}", f"{later:%Y-%m-%d}")
        )
    assert [step["observed"] is None for step in first["data"]] == [False] * 8
    assert first["scores"]["count"] == 8
    assert [group["data_age"] for group in first["scores"]["by_data_age"]] == [0]
    assert last["count"] == 8
    assert last["scores"]["count"] == 0  # its day has just begun


def daily_pipelines(texts: Iterable[str]) -> set[str]:
    """Return the different lists of pipelines of daily commands."""
    lists = {name for text in texts for name in re.findall(r"--pipelines[ =]([\w,]+)", text)}
    return {name for name in lists if {"ingestion", "batch_inference"} <= set(name.split(","))}


def test_all_documents_have_the_daily_command_of_the_readme() -> None:
    texts = [path.read_text(encoding="utf-8") for name in DOCUMENTS for path in ROOT.glob(name)]
    readme = read_commands(ROOT / "README.md", "The daily job")

    assert len(daily_pipelines([readme])) == 1
    assert daily_pipelines(texts) == daily_pipelines([readme])
    changed = [text.replace(",monitoring", "") for text in texts[1:]]
    assert daily_pipelines([texts[0], *changed]) != daily_pipelines([readme])
