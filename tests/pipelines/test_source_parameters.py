"""A parameter that selects a source, a size or a seed is what nodes and datasets both go by."""

from typing import Any

import pandas as pd
import pytest

from tests.fixtures.project import Project
from tests.pipelines.test_bad_input import refused
from tests.weather.archive_server import ArchiveServer

# three faults are planted among so few photos
NODES = "check_raw_reviews,accept_reviews"
PHOTOS = (
    "vision.sample_photos.train=1,vision.sample_photos.valid=1,vision.sample_photos.test=1,"
    "vision.max_rejected_share=0.9"
)


def cold_air(answer: dict[str, Any]) -> None:
    """Values that pass validation: dew points below every temperature, pressure near 1,000 hPa."""
    hours = len(answer["hourly"]["time"])
    answer["hourly"] |= {"dew_point_2m": [-1.0] * hours, "surface_pressure": [1000.0] * hours}


def run(project: Project, *arguments: str, **variables: str) -> None:
    project.output("run", *arguments, **variables)


def test_a_real_city_is_asked_of_the_source_that_params_name(
    project: Project, server: ArchiveServer
) -> None:
    server.change = cold_air
    direct = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    parameters = (
        "source=open_meteo,location=paris,ingestion.models=era5_land,as_of=2024-01-03,"
        "forecast.train_start=2023-12-31,forecast.validation_start=2024-01-01,"
        "forecast.test_start=2024-01-02"
    )

    run(project, "--env", "test", "--pipeline", "ingestion", "--params", parameters,
        TRIPTYCH_OPEN_METEO_URL=server.url, TRIPTYCH_PREVIOUS_RUNS_URL=server.url,
        **direct)  # fmt: skip

    requests = [each for each in server.requests if "cloud_cover" in each["hourly"]]
    asked = {(each["models"], each["start_date"]) for each in requests}
    assert asked == {("era5_land", "2023-12-31"), ("era5_land", "2024-01-01")}
    rows = pd.read_sql(
        "select location, source, temperature_2m from weather_hourly order by time",
        project.engine(),
    )
    assert set(zip(rows["location"], rows["source"], strict=True)) == {("paris", "open_meteo")}
    assert rows["temperature_2m"].tolist() == [h / 10 for n in (24, 48) for h in range(n)]


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        ("nlp", "No folder of recorded reviews is named. Set TRIPTYCH_REAL_DATA"),
        ("vision", "No folder of real photos is named. Set TRIPTYCH_REAL_DATA"),
    ],
)
def test_recorded_items_are_not_replaced_by_the_sample(
    project: Project, pipeline: str, message: str
) -> None:
    said = refused(project, "--pipeline", pipeline, "--params", f"{pipeline}.source=folder")

    assert said.startswith(message)


def test_the_seed_and_the_sizes_of_the_users_configuration_are_taken(project: Project) -> None:
    (project.path / "conf" / "local" / "parameters.yml").write_text(
        "seed: 7\nnlp: { sample_reviews: { train: 40, val: 10, test: 10 } }\n"
    )

    run(project, "--pipelines", "nlp,vision", "--params", PHOTOS,
        "--nodes", f"{NODES},check_raw_photos")  # fmt: skip

    data = project.path / "data"
    drawn = [path.name for path in (data / "01_raw" / "sample_photos").iterdir()]
    assert drawn == ["train1-valid1-test1-seed7"]
    reviews = pd.read_parquet(data / "03_primary" / "reviews.parquet")
    assert reviews.groupby("split").size().between(1, 40).all()
    first = reviews["review"].tolist()
    run(project, "--pipeline", "nlp", "--nodes", NODES, "--params", "seed=8")
    assert pd.read_parquet(data / "03_primary" / "reviews.parquet")["review"].tolist() != first
