"""What a user can get wrong, by command: one clear message, the data intact; and what is taken."""

import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.fixtures.databases import dump_tables
from tests.fixtures.project import Project, copy_of
from tests.weather.archive_server import ArchiveServer


def refused(project: Project, *arguments: str, env: str = "test", **variables: str) -> str:
    """Run, and give the message that it ends with."""
    result = project.output("run", "--env", env, *arguments, **variables, code=1)
    last = result.rstrip().splitlines()[-1]
    assert last.startswith("Error: ")
    return last.removeprefix("Error: ")


def edit(file: Path, pattern: str, replacement: str) -> None:
    text = file.read_text()
    changed = re.sub(pattern, replacement, text, count=1)
    assert changed != text
    file.write_text(changed)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("location=atlantis",
         r"^Location 'atlantis' is not in the file of locations\. There are: bayonne, .*"
         r"northmere.*kedro location add"),
        ("as_of=2031-01-01",
         r"^Parameter as_of lies in the future: 2031-01-01, today is 2024-03-0"),
        ("locations=northmere,asof=2023-06-01",
         r"^Unknown parameter `locations`\. Did you mean `location`\? "
         r"Unknown parameter `asof`\. Did you mean `as_of`\? Correct --params or the config"),
    ],
)  # fmt: skip
def test_a_wrong_parameter(project: Project, parameters: str, message: str) -> None:
    assert re.search(message, refused(project, "--params", parameters))
    assert not (project.path / "data" / "06_models").exists()


def test_an_unknown_name_in_a_file_is_refused_before_anything_is_opened(project: Project) -> None:
    file = project.path / "conf" / "test" / "parameters_vision.yml"
    edit(file, "  image_size: 32\n", "  image_siz: 32\n")

    said = refused(project, "--pipeline", "ingestion")

    assert said.startswith(
        "Unknown parameter `vision.image_siz`. Did you mean `vision.image_size`?"
    )
    assert not (project.path / "data" / "triptych.db").exists()


def test_an_as_of_before_the_data_leaves_the_tables_as_they_are(
    run_project: Project, tmp_path: Path
) -> None:
    project = copy_of(run_project, tmp_path / "project")
    engine = project.engine()
    before = dump_tables(engine)
    as_of = ["--params", "as_of=2010-07-14"]

    none_suits = refused(project, "--pipeline", "batch_inference", *as_of)
    no_hour = refused(project, "--pipeline", "preprocessing", *as_of)

    assert re.search(
        "^No model can forecast 'northmere' as of 2010-07-14: its models were trained on data "
        "until 2023-03-01 or later. Train one",
        none_suits,
    )
    assert re.search("^Nothing is known of northmere, westhaven before as_of 2010-07-14", no_hour)
    assert dump_tables(engine) == before
    engine.dispose()


@pytest.mark.parametrize(
    ("file", "pattern", "replacement", "message"),
    [
        ("locations", "latitude: 52.0", "latitude: 152.0",
         r"entry 1 \(slug 'northmere'\): latitude"),
        ("locations", "- slug: westhaven", "- slug: [",
         "locations.yml is not valid YAML: .*Correct"),
        ("parameters", "seed: 20", "seed: [",
         r"Invalid YAML .*parameters\.yml, .*line \d+.*Correct"),
    ],
)  # fmt: skip
def test_a_wrong_file(
    project: Project, file: str, pattern: str, replacement: str, message: str
) -> None:
    edit(project.path / "conf" / "base" / f"{file}.yml", pattern, replacement)

    assert re.search(message, refused(project))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("triptych.db", "triptych.db: file is not a database.*Restore it from a backup, or"),
        ("mlflow.db", "MLflow's store cannot be used: file is not a database. It is data"),
    ],
)  # fmt: skip
def test_a_corrupted_database(project: Project, name: str, message: str) -> None:
    file = project.path / "data" / name
    file.write_bytes(b"This is no database. " * 500)

    assert re.search(message, refused(project))
    assert file.read_bytes() == b"This is no database. " * 500


def test_a_data_folder_that_cannot_be_written(project: Project) -> None:
    shutil.rmtree(project.path / "data")
    (project.path / "data").write_text("a file, so that it stands in the way of root too")

    assert re.search("/data: File exists.*folder data .*readable and writable", refused(project))


def test_names_that_there_are_not(project: Project) -> None:
    assert refused(project, "--pipeline", "nonsense") == (
        "Unknown pipeline 'nonsense'. Available: __default__, batch_inference, ingestion, "
        "monitoring, nlp, preprocessing, ts_evaluation, ts_ml, ts_statistical, vision."
    )
    assert refused(project, env="nowhere") == (
        "Unknown environment 'nowhere'. Available: base, live, local, test."
    )


def test_the_parallel_runner(project: Project) -> None:
    assert refused(project, "--runner", "ParallelRunner") == (
        "ParallelRunner splits one run into several in MLflow. Leave --runner out, or use "
        "ThreadRunner."
    )


def test_loading_in_threads(project: Project) -> None:
    said = refused(project, "--async")

    assert said.startswith("--async loads and saves in threads, but ingestion must save each")
    assert not list((project.path / "data").glob("triptych.db"))


def test_a_damaged_file_of_the_catalog_is_told_with_its_cause(project: Project) -> None:
    file = project.path / "data" / "05_model_input" / "history.parquet"
    file.parent.mkdir()
    file.write_bytes(b"This is no table. " * 50)

    said = refused(project, "--pipeline", "ts_ml", "--nodes", "plan_study")

    found = r"^history: Failed while loading data from dataset .*history\.parquet.*: ArrowInvalid: "
    assert re.search(found, said)
    assert said.endswith("Restore the data, or rerun the pipeline that produces it.")
    assert "conf/" not in said


@pytest.mark.parametrize("password", ["hush", "S3cr@tPa55"])
def test_a_database_address_keeps_its_password_to_itself(project: Project, password: str) -> None:
    address = f"postgresql://triptych:{password}@127.0.0.1:1/triptych"

    result = project.output("run", "--env", "test", TRIPTYCH_DATABASE_URL=address, code=1)
    assert not {part for part in password.split("@") if part in result}
    assert (
        "Check that the server runs, that TRIPTYCH_DATABASE_URL names" in result
        or "it may hold a password" in result
    )


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

    project.output("run", "--env", "test", "--pipeline", "ingestion", "--params", parameters,
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

    project.output("run", "--pipelines", "nlp,vision", "--params", PHOTOS,
        "--nodes", f"{NODES},check_raw_photos")  # fmt: skip

    data = project.path / "data"
    drawn = [path.name for path in (data / "01_raw" / "sample_photos").iterdir()]
    assert drawn == ["train1-valid1-test1-seed7"]
    reviews = pd.read_parquet(data / "03_primary" / "reviews.parquet")
    assert reviews.groupby("split").size().between(1, 40).all()
    first = reviews["review"].tolist()
    project.output("run", "--pipeline", "nlp", "--nodes", NODES, "--params", "seed=8")
    assert pd.read_parquet(data / "03_primary" / "reviews.parquet")["review"].tolist() != first
