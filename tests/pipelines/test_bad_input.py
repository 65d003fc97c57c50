"""What a user can get wrong, by command: one clear message, exit code 1, the data intact."""

import re
import shutil
from pathlib import Path

import pytest

from tests.fixtures.databases import dump_tables
from tests.fixtures.project import Project, copy_of


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
