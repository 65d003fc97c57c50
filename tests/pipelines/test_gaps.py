"""Gaps of a real server that fills them in later, to the tables of a real database."""

from datetime import date
from functools import partial

import pandas as pd
from sqlalchemy import Engine, select

from tests.fixtures.databases import dump_tables
from tests.weather.archive_server import Answer, ArchiveServer
from tests.weather.places import PARIS
from triptych.datasets import SqlTableDataset
from triptych.parameters.forecasting import ForecastParameters, IngestionParameters
from triptych.pipelines.ingestion.nodes import fetch_weather
from triptych.pipelines.ingestion.requests import plan_requests
from triptych.store.tables import weather_hourly
from triptych.weather.locations import locations_frame
from triptych.weather.sources import make_source
from triptych.weather.variables import VARIABLES

PLACES = locations_frame([PARIS])
FORECAST = ForecastParameters(
    train_start=date(2018, 11, 1), validation_start=date(2018, 12, 1), test_start=date(2019, 1, 1),
    train_years=1, validation_years=1, data_ages=[0, 144],
)  # fmt: skip
INGESTION = IngestionParameters(models="era5", final_after_days=30, max_rejected_share=0.05)
SAVED = ["rejected_rows", "weather_hourly", "incomplete_days", "ingested_periods"]


def whole(answer: Answer) -> None:
    """Possible values."""
    hours = len(answer["hourly"]["time"])
    answer["hourly"] |= {"temperature_2m": [15.5] * hours, "surface_pressure": [1000.0] * hours}


def hollow(answer: Answer) -> None:
    """Lacks 12 December 2018, and the rain of the 10th at 5 h; -0.1 mm on the 20th at 7 h."""
    whole(answer)
    hourly = answer["hourly"]
    for hour, time in enumerate(hourly["time"]):
        if time.startswith("2018-12-12"):
            for name in VARIABLES:
                hourly[name][hour] = None
        if time == "2018-12-10T05:00":
            hourly["precipitation"][hour] = None
        if time == "2018-12-20T07:00":
            hourly["precipitation"][hour] = -0.1


def ingest(url: str, server: ArchiveServer, today: str, *, killed_before: str = "") -> list[str]:
    """Run ingestion as of 2019-03-01; give the spans that were requested."""

    def table(name: str) -> SqlTableDataset:
        return SqlTableDataset(table=name, credentials={"url": url})

    asked = len(server.requests)
    table("locations").save(PLACES)
    known = table("ingested_periods").load(), table("incomplete_days").load()
    source = partial(make_source, base_url=server.url)
    as_of = "2019-03-01"
    planned = plan_requests(
        PLACES, [PARIS], *known, None, "open_meteo", as_of, today, FORECAST, INGESTION
    )
    chunks = fetch_weather(planned, PLACES, *known, source, "open_meteo", as_of, today, INGESTION)
    for chunk in chunks:
        for name in SAVED:
            if name == killed_before:
                return []
            table(name).save(chunk[name])
    made = server.requests[asked:]
    return [f"{query['start_date']} to {query['end_date']}" for query in made]


def hours_of(engine: Engine, day: str) -> pd.DataFrame:
    with engine.connect() as connection:
        rows = connection.execute(select(weather_hourly)).mappings().all()
    frame = pd.DataFrame([dict(row) for row in rows])
    return frame[frame["time"].map(lambda time: f"{time:%Y-%m-%d}") == day]


YEARS = ["2018-11-01 to 2018-12-31", "2019-01-01 to 2019-02-28"]


def test_gaps_are_filled_by_the_next_run(engine: Engine, server: ArchiveServer) -> None:
    url = engine.url.render_as_string(hide_password=False)
    server.change = hollow

    first = ingest(url, server, "2019-03-01")
    same_day = ingest(url, server, "2019-03-01")

    assert first == YEARS
    assert same_day == []
    assert hours_of(engine, "2018-12-12").empty
    row = hours_of(engine, "2018-12-20").iloc[7]
    assert row["temperature_2m"] > 0
    assert pd.isna(row["precipitation"])
    (rejected,) = dump_tables(engine)["rejected_rows"]
    assert rejected[4:7] == (
        "precipitation", "precipitation is not within 0 to 500 mm (found -0.1)",
        {"precipitation": -0.1},
    )  # fmt: skip

    still = ingest(url, server, "2019-03-02")

    assert still == ["2018-12-10 to 2018-12-20"]
    server.change = whole

    filled = ingest(url, server, "2019-03-03")
    nothing = ingest(url, server, "2019-03-04")

    assert filled == ["2018-12-10 to 2018-12-20"]
    assert nothing == []
    assert len(hours_of(engine, "2018-12-12")) == 24
    assert hours_of(engine, "2018-12-20")["precipitation"].tolist() == [10.0] * 24
    assert {str(row[2]) for row in dump_tables(engine)["incomplete_days"]} == {"{}"}


def test_a_run_killed_before_its_gaps_are_recorded_requests_them_again(
    engine: Engine, server: ArchiveServer
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    server.change = hollow
    ingest(url, server, "2019-03-01", killed_before="incomplete_days")

    assert ingest(url, server, "2019-03-01") == YEARS
    assert len(dump_tables(engine)["incomplete_days"]) == 3


def test_a_null_for_a_known_hour_loses_nothing(engine: Engine, server: ArchiveServer) -> None:
    url = engine.url.render_as_string(hide_password=False)
    server.change = hollow
    ingest(url, server, "2019-03-01")

    def more_nulls(answer: Answer) -> None:
        hollow(answer)
        answer["hourly"]["cloud_cover"] = [None] * len(answer["hourly"]["time"])
        answer["hourly"]["wind_speed_10m"] = [12.5] * len(answer["hourly"]["time"])

    server.change = more_nulls
    ingest(url, server, "2019-03-02")

    day = hours_of(engine, "2018-12-11")
    assert day["cloud_cover"].tolist() == [10.0] * 24
    assert day["wind_speed_10m"].tolist() == [12.5] * 24  # corrected
    days = [row[1].day for row in dump_tables(engine)["incomplete_days"]]
    assert days == [10, 12, 20]
