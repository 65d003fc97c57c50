"""Recent analyses and NWP forecasts, from a real server to the tables of a real database."""

import logging
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from tests.weather.archive_server import Answer, ArchiveServer
from tests.weather.places import PARIS
from triptych.datasets import SqlTableDataset
from triptych.parameters.forecasting import (
    ForecastParameters,
    IngestionParameters,
    LimitParameters,
    NwpParameters,
    RecentParameters,
)
from triptych.pipelines.ingestion.model_nodes import fetch_models
from triptych.store.migrate import close_database
from triptych.weather.locations import Location, locations_frame
from triptych.weather.sources import make_source
from triptych.weather.sources.open_meteo import OpenMeteo

BREST = PARIS.model_copy(update={"slug": "brest", "longitude": -4.5})
FORECAST = ForecastParameters(train_years=1, validation_years=1, data_ages=[0, 144])
INGESTION = IngestionParameters(
    models="era5", final_after_days=30, max_rejected_share=0.05, locations_per_request=10
)
RECENT = RecentParameters(model="ecmwf_ifs025", overlap_days=10)
NWP = NwpParameters(models="gfs_global; icon_global", start=date(2025, 6, 1))
TODAY = "2025-06-30"
SAVED = ["rejected_model_rows", "weather_recent", "nwp_forecasts", "model_periods"]


class Project:
    """A database, and the source that a run requests."""

    def __init__(self, url: str, server: ArchiveServer) -> None:
        self.url, self.server = url, server
        server.now = datetime(2025, 6, 30)
        self.warnings: list[str] = []
        self.report = pd.DataFrame()

    def table(self, name: str) -> SqlTableDataset:
        return SqlTableDataset(table=name, credentials={"url": self.url})

    def run(
        self,
        as_of: str = TODAY,
        places: tuple[Location, ...] = (PARIS,),
        nwp: NwpParameters = NWP,
        recent: RecentParameters = RECENT,
        source: str = "open_meteo",
        killed_before: str = "",
        **changed: Any,
    ) -> list[str]:
        """Run the node; give what was requested: service, models, days."""
        frame = locations_frame(list(places))
        self.table("locations").save(frame)
        before = len(self.server.requests)

        def open_source(kind: Any, *, models: str) -> Any:
            names = ("forecast", "historical_forecast", "previous_runs")
            services: Any = {f"{name}_url": f"{self.server.url}/{name}" for name in names}
            if kind == "sample":
                return make_source(kind)
            return OpenMeteo(self.server.url, sleep=lambda _: None, models=models, **services)

        self.warnings, reports = [], []
        for chunk in fetch_models(
            frame, list(places), self.table("ingested_periods").load(),
            self.table("incomplete_days").load(), self.table("model_periods").load(),
            open_source, None, source, as_of,
            changed.pop("today", as_of), 2, FORECAST, INGESTION.model_copy(update=changed),
            recent, nwp,
        ):  # fmt: skip
            self.warnings += chunk["model_warnings"]
            reports.append(chunk["model_report"])
            for name in SAVED:
                if name == killed_before and not chunk[name].empty:
                    return []
                table = "rejected_rows" if name == "rejected_model_rows" else name
                self.table(table).save(chunk[name])
        self.report = pd.concat(reports)
        made = zip(self.server.paths[before:], self.server.requests[before:], strict=True)
        return [
            f"{path.split('/')[1]} {query['models']} {query['start_date']} {query['end_date']}"
            for path, query in made
        ]


@pytest.fixture
def project(sqlite_template: Path, tmp_path: Path, server: ArchiveServer) -> Iterator[Project]:
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'triptych.db')}"
    yield Project(url, server)
    close_database(url)


@pytest.fixture
def on_both(tables_url: str, server: ArchiveServer) -> Project:
    """The same on SQLite and on PostgreSQL."""
    return Project(tables_url, server)


FIRST = [
    "forecast ecmwf_ifs025 2025-06-20 2025-06-29",
    "previous_runs gfs_global,icon_global 2025-06-01 2025-07-01",
]


def test_a_second_run_requests_nothing_and_the_next_day_what_may_have_changed(
    on_both: Project, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    assert on_both.run() == FIRST

    assert "2 requests, 2 weighted calls" in caplog.text
    recent, nwp = on_both.table("weather_recent").load(), on_both.table("nwp_forecasts").load()
    assert recent["time"].max() == pd.Timestamp("2025-06-29T23:00Z")
    assert len(recent) == 10 * 24
    until = nwp.groupby(["model", "lead_day"])["time"].max().loc["gfs_global"]
    assert until.dt.strftime("%d %H").tolist() == ["30 18", "01 18", "01 23"]
    assert (nwp["temperature_2m"] == 10 + nwp["lead_day"]).all()
    assert on_both.report["missing"].sum() == 0
    assert on_both.warnings == []
    kept = on_both.table("model_periods").load()

    assert on_both.run() == []

    pd.testing.assert_frame_equal(on_both.table("model_periods").load(), kept)
    on_both.server.now = datetime(2025, 7, 1)
    assert on_both.run("2025-07-01") == [
        "forecast ecmwf_ifs025 2025-06-28 2025-06-30",
        "previous_runs gfs_global,icon_global 2025-06-29 2025-07-02",
    ]
    assert len(on_both.table("model_periods").load()) == len(kept) == 3
    assert on_both.run("2025-06-30", today="2025-07-01") == []


def test_an_earlier_issue_time_keeps_only_what_was_published_then(project: Project) -> None:
    project.server.now = datetime(2026, 1, 1)

    project.run(today="2026-01-01")

    nwp = project.table("nwp_forecasts").load()
    until = nwp.groupby("lead_day")["time"].max()
    assert until.dt.strftime("%m-%d %H").tolist() == ["06-30 18", "07-01 18", "07-01 23"]
    assert project.table("weather_recent").load()["time"].max() < pd.Timestamp(
        "2025-06-30", tz="UTC"
    )


def test_a_killed_run_continues(on_both: Project) -> None:
    on_both.run(killed_before="model_periods")
    on_both.run(recent=RECENT.model_copy(update={"model": None}), killed_before="nwp_forecasts")

    assert on_both.run() == FIRST


def test_a_passing_fault_is_requested_again(project: Project) -> None:
    project.server.faults = ["503"]

    assert project.run() == FIRST[:1] + FIRST
    assert project.warnings == []


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("429 Hourly API request limit exceeded. Please try again in the next hour.", "Hourly"),
        ("503", "gave no usable response in 7 attempts"),
    ],
)
def test_a_source_that_is_down_is_a_warning_and_the_next_run_continues(
    project: Project, fault: str, message: str
) -> None:
    project.server.faults = [fault] * 30

    project.run()

    assert len(project.warnings) == 2
    assert all(message in warning for warning in project.warnings)
    project.server.faults = []
    assert project.run() == FIRST


def test_an_unknown_model_is_named_once_and_the_others_are_requested(project: Project) -> None:
    nwp = NWP.model_copy(update={"models": ("gfs_global", "gfs_golbal")})
    recent = RECENT.model_copy(update={"model": "ifs"})

    project.run(nwp=nwp, recent=recent, places=(PARIS, BREST))

    assert set(project.table("nwp_forecasts").load()["model"]) == {"gfs_global"}
    one, other = project.warnings
    assert "does not know the weather model 'ifs' (recent.model)" in one
    assert "does not know the weather model 'gfs_golbal' (nwp.models)" in other


def test_a_model_that_does_not_cover_the_location_is_named_once(project: Project) -> None:
    nwp = NWP.model_copy(update={"models": ("gfs_global", "arome_france")})

    assert len(project.run(nwp=nwp, places=(PARIS, BREST))) == 2

    assert set(project.table("nwp_forecasts").load()["model"]) == {"gfs_global"}
    (warning,) = project.warnings
    assert "arome_france (nwp.models) has no values for brest, paris" in warning
    assert project.run(nwp=nwp, places=(PARIS, BREST)) == []


def test_a_location_without_data_costs_the_others_nothing(project: Project) -> None:
    atlantis = PARIS.model_copy(update={"slug": "atlantis", "longitude": -99.0})

    project.run(places=(PARIS, atlantis))

    assert set(project.table("nwp_forecasts").load()["location"]) == {"paris"}
    assert len(project.warnings) == 3
    assert all("has no values for atlantis" in warning for warning in project.warnings)
    assert project.run(places=(PARIS, atlantis)) == []


def test_days_before_the_service_begins_are_one_warning_a_request(project: Project) -> None:
    nwp = NWP.model_copy(update={"start": date(2023, 12, 1)})
    project.run("2024-02-01", places=(PARIS, BREST), nwp=nwp)

    (warning,) = project.warnings
    assert "gfs_global, icon_global: paris and 1 more, 2023-12-01 to 2024-01-01" in warning
    assert "out of allowed range from 2024-01-01" in warning
    assert len(project.table("nwp_forecasts").load()) > 9_000


def test_gaps_are_requested_again_the_next_day(project: Project) -> None:
    def hollow(answer: Answer) -> None:
        for name, values in answer["hourly"].items():
            if name.startswith("temperature_2m_previous_day2_gfs"):
                values[-60] = None

    project.server.change = hollow
    project.run()
    assert project.report["missing"].tolist() == [0, 1, 0]
    project.server.change = lambda _: None

    assert project.run() == []
    assert "previous_runs gfs_global 2025-06-29 2025-07-01" in project.run(today="2025-07-01")
    assert project.report["missing"].sum() == 0


def test_impossible_values_are_rejected(on_both: Project) -> None:
    def wrong(answer: Answer) -> None:
        for name, values in answer["hourly"].items():
            if name == "temperature_2m_previous_day1_gfs_global":
                values[0] = values[1] = 99.0
            if name.endswith("icon_global"):
                values[:400] = [-99.0] * 400
            if name == "temperature_2m":
                values[5] = 99.0

    on_both.server.change = wrong
    on_both.run()

    rejected = on_both.table("rejected_rows").load()
    assert len(rejected[rejected["source"] == "gfs_global"]) == 2
    assert rejected["row"].iloc[0].keys() >= {"temperature_2m"}
    assert set(on_both.table("nwp_forecasts").load()["model"]) == {"gfs_global"}
    (warning,) = on_both.warnings
    assert "icon_global, paris, impossible temperatures" in warning
    recent = on_both.table("weather_recent").load()
    assert recent["temperature_2m"].isna().sum() == 1


def test_older_analyses_come_from_the_historical_forecast_api(project: Project) -> None:
    requested = project.run("2025-03-01", today="2025-06-30")

    assert requested[0] == "historical_forecast ecmwf_ifs025 2025-02-19 2025-02-28"
    with pytest.raises(ValidationError, match="less than or equal to 92"):
        RecentParameters(model="ecmwf_ifs025", overlap_days=93)


def test_a_location_that_the_archive_is_complete_for_needs_no_analysis(project: Project) -> None:
    period = {"location": "paris", "source": "open_meteo", "rows": 1}
    period |= {"start": pd.Timestamp("2020-01-01", tz="UTC"), "end": pd.Timestamp(TODAY, tz="UTC")}
    project.table("locations").save(locations_frame([PARIS]))
    project.table("ingested_periods").save(pd.DataFrame([period]))

    assert project.run() == FIRST[1:]


def test_the_day_s_calls_are_shared_and_running_out_is_a_warning(project: Project) -> None:
    project.run(limits=LimitParameters(minute=77, hour=77, day=2))

    assert len(project.table("weather_recent").load()) == 240
    assert "2 weighted calls of a day (ingestion.limits) are used up" in project.warnings[0]


def test_the_sample_has_both(project: Project) -> None:
    place = PARIS.model_copy(update={"source": "sample"})

    assert project.run(places=(place,), source="sample", nwp=NWP) == []

    recent, nwp = project.table("weather_recent").load(), project.table("nwp_forecasts").load()
    assert len(recent) == 240
    both = nwp.merge(recent, on="time", suffixes=("", "_analysed"))
    error = (both["temperature_2m"] - both["temperature_2m_analysed"]) ** 2
    by_lead = error.groupby(both["lead_day"]).mean()
    assert by_lead[1] < by_lead[3] < 25
    project.run(places=(place,), source="sample")
    assert project.report.empty


def test_an_empty_list_of_models_is_none() -> None:
    assert NwpParameters(models=None).models == ()  # --params "nwp.models="
    assert NwpParameters(models="a; b").models == ("a", "b")
