"""A source that corrects the past: the old run stays what it was, a new one sees the correction."""

from collections.abc import Iterator, Sequence
from datetime import date

import pandas as pd

from tests.fixtures.project import Project
from tests.registry.training import LEARNED, Trained
from triptych.datasets import SqlTableDataset
from triptych.parameters.forecasting import ForecastParameters
from triptych.parameters.ingestion import IngestionParameters, PreprocessingParameters
from triptych.pipelines.ingestion.nodes import fetch_weather
from triptych.pipelines.ingestion.requests import plan_requests
from triptych.pipelines.preprocessing.nodes import build_history, select_hours
from triptych.registry.reproduction.reproduce import reproduce
from triptych.registry.run_manifest import SNAPSHOT_TAG
from triptych.registry.snapshots import SnapshotStore
from triptych.weather.locations import Location, locations_frame
from triptych.weather.sources.base import Fetched, Query, WeatherSource
from triptych.weather.sources.sample import SampleClimate

AS_OF = TODAY = "2018-10-01"
HOUR = pd.Timestamp("2018-02-03T04:00", tz="UTC")
NORTHMERE = Location(
    slug="northmere", name="Northmere", latitude=52.0, longitude=22.0, elevation=210.0,
    timezone="Etc/GMT-1", source="sample",
)  # fmt: skip
PLACES = locations_frame([NORTHMERE])
FORECAST = ForecastParameters(
    train_start=date(2017, 1, 1),
    validation_start=date(2018, 7, 1),
    test_start=date(2018, 9, 1),
    train_years=1,
    validation_years=1,
    data_ages=[0, 24],
)
INGESTION = IngestionParameters(models="era5", final_after_days=30, max_rejected_share=0.05)


class CorrectedClimate(SampleClimate):
    """The sample after its maker has found that one hour was two degrees warmer."""

    def fetch_many(self, query: Query, variables: Sequence[str]) -> Iterator[Fetched]:
        for said in super().fetch_many(query, variables):
            warmer = (said.frame["time"] == HOUR) * 2.0
            corrected = said.frame.assign(temperature_2m=said.frame["temperature_2m"] + warmer)
            yield Fetched(corrected)


def ingest(project: Project, source: WeatherSource, since: date | None = None) -> pd.DataFrame:
    """Run ingestion and preprocessing on the project's database; give the history."""

    def table(name: str) -> SqlTableDataset:
        return SqlTableDataset(table=name, credentials={"url": project.database_url})

    ingestion = INGESTION.model_copy(update={"refetch_from": since})
    table("locations").save(PLACES)
    known = table("ingested_periods").load(), table("incomplete_days").load()
    requests = plan_requests(PLACES, *known, None, "sample", AS_OF, TODAY, FORECAST, ingestion)
    for chunk in fetch_weather(
        requests, PLACES, *known, lambda *_, **__: source, "sample", AS_OF, TODAY, ingestion
    ):
        for name in ("weather_hourly", "incomplete_days", "ingested_periods"):
            table(name).save(chunk[name])
    hours = select_hours(table("weather_hourly").load(), PLACES, None, "sample", AS_OF, TODAY)
    return build_history(hours, PLACES, PreprocessingParameters(interpolation_limit_hours=6))


def test_the_old_run_reproduces_and_a_new_one_sees_the_correction(
    trained: Trained,
) -> None:
    project, tracked, train = trained.project, trained.tracked, trained.train
    old = train(LEARNED, ingest(project, SampleClimate()))
    unasked = ingest(project, CorrectedClimate())  # nothing is missing, so nothing is asked for
    corrected = ingest(project, CorrectedClimate(), since=date(2018, 1, 1))
    new = train(LEARNED, corrected)
    latest = project.path / "data" / "05_model_input" / "history.parquet"
    latest.parent.mkdir(parents=True, exist_ok=True)
    corrected.to_parquet(latest)

    found = {run: reproduce(project.path, tracked.find(run)) for run in (old, new)}

    assert [made.equal for made in found.values()] == [True, True]
    assert found[new].changes == []
    (said,) = found[old].changes
    assert said.startswith("data, by the latest history (the run's own rows were used): 1 of ")
    assert "rows differ: northmere 2018-02-03 03:00 temperature_2m " in said
    one, other = (made.recorded.digests for made in found.values())
    assert one["training rows"] != other["training rows"]
    assert one["fitted ridge"] != other["fitted ridge"]
    store = SnapshotStore(project.path / "data" / "snapshots")
    before, after = (store.load(tracked.find(run).data.tags[SNAPSHOT_TAG]) for run in (old, new))
    pd.testing.assert_frame_equal(before, unasked)
    pd.testing.assert_frame_equal(after, corrected)
    differing = before[before["temperature_2m"] != after["temperature_2m"]].dropna()
    assert differing["time"].tolist() == [HOUR.floor("3h")]
