"""The audit counts what is there: a small setup with known figures."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from tests.fixtures.commands import git
from tests.fixtures.project import Project
from tests.registry.conftest import MakeCandidate
from tests.registry.training import Trained
from triptych.registry.audit import Report, format_report, gather
from triptych.registry.models import ModelRegistry
from triptych.registry.reproduction.reproduce import TrackedRuns
from triptych.registry.snapshots import FOLDER
from triptych.store.migrate import close_database, open_database


@pytest.fixture
def own_registry(trained: Trained) -> Iterator[ModelRegistry]:
    """Open the registry of the project with six trainings: one version, a candidate."""
    url = trained.project.database_url
    yield ModelRegistry(open_database(url), trained.project.path)
    close_database(url)


def faults(report: Report) -> list[tuple[str, str, str]]:
    return [(run["commit"], run["data"], run["parameters"]) for run in report["training"]]


def text(report: Report) -> dict[str, str]:
    """Return the table by its labels."""
    return {line[:40].strip(): line[40:].strip() for line in format_report(report).splitlines()}


def test_every_figure_of_a_small_setup(
    trained: Trained, own_registry: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    folder, runs = trained.project.path, trained.runs
    with mlflow.start_run() as unrecorded:  # as an earlier version did it: no manifest, no rows
        own_registry.register(make_candidate(promote_first=True))
    with pytest.raises(ZeroDivisionError), mlflow.start_run():
        1 / 0  # noqa: B018
    client = mlflow.MlflowClient()
    commit = client.get_run(runs["learned"]).data.tags["triptych.git_commit"]
    client.set_tag(runs["learned"], "triptych.git_commit", f"{commit}+changes")

    found = gather(folder, trained.tracked, own_registry)

    assert found["runs"] == {"FINISHED": 7, "FAILED": 1}
    assert [run["run_id"] for run in found["training"]] == [*runs.values(), unrecorded.info.run_id]
    assert dict(zip([*runs, "unrecorded"], faults(found), strict=True)) == {
        **dict.fromkeys(runs, ("", "", "")),
        "learned": ("files differed from the commit", "", ""),
        "unrecorded": (
            "", "the training rows were not kept", "no record that can be read"
        ),
    }  # fmt: skip
    assert found["traced"] == {"commit": 6, "data": 6, "parameters": 6, "all three": 5}
    sizes = found["bytes"]
    stored = sum(path.stat().st_size for path in (folder / FOLDER).glob("*.parquet"))
    assert sizes["rows_stored"] == stored
    assert sizes["rows_saved"] == round(1 - stored / sizes["rows_referenced"], 4) > 0.5
    files = [path for path in (folder / "data" / "mlartifacts").rglob("*") if path.is_file()]
    notes = "registered_model_meta"  # of MLflow for itself
    assert sizes["run_files_all"] == sum(p.stat().st_size for p in files if p.name != notes)
    assert sizes["mlflow_database"] == (folder / "data" / "mlflow.db").stat().st_size
    access = found["access"]
    versions = len(own_registry.list_models())
    assert (len(access["load"]), len(access["find_run"]), access["broken"]) == (
        versions, versions, [],
    )  # fmt: skip
    names = {row["name"] for row in own_registry.list_models()}
    changes = sum(len(own_registry.history(name)) for name in names)
    assert found["stage_changes"] == {"all": changes, "with name and reason": changes}
    table = text(found)
    assert table["to a clean commit"] == "6 of 7 (86%)"
    assert table["to their data: digest, stored rows"] == "6 of 7 (86%)"
    assert table["to all three"] == "5 of 7 (71%)"
    assert table["Reproduced bit for bit"].endswith("7 not tried: kedro model audit --reproduce")
    assert table["training rows"].endswith("% saved")


def test_what_was_lost_or_changed_is_not_counted(
    trained: Trained, own_registry: ModelRegistry
) -> None:
    folder, run_id = trained.project.path, trained.runs["learned"]
    index = list(trained.runs).index("learned")
    mlflow.MlflowClient().log_param(run_id, "seed", 20)  # as kedro-mlflow does
    trained.edit_manifest(run_id, "parameters", "seed", value=21)
    chunks = sorted((folder / FOLDER).glob("*.parquet"))
    for chunk in chunks[1:]:
        shutil.copy(chunks[0], chunk)
    git(folder, "commit", "--quiet", "--amend", "--message", "history rewritten")
    git(folder, "reflog", "expire", "--expire=now", "--all")
    git(folder, "gc", "--quiet", "--prune=now")
    shutil.rmtree(folder / "data" / "mlartifacts" / "models")

    found = gather(folder, trained.tracked, own_registry)

    assert faults(found)[index] == (
        "the commit is not in this repository",
        "data changed",
        "the record has seed otherwise than MLflow",
    )
    versions = len(own_registry.list_models())
    assert len(found["access"]["broken"]) == versions
    assert text(found)["files open, digest as registered"] == f"0 of {versions} (0%)"

    for chunk in chunks:
        chunk.unlink()
    assert faults(gather(folder, trained.tracked, own_registry))[index][1] == "data missing"


def test_with_nothing_tracked_there_is_nothing_to_count(
    registry: ModelRegistry, tracking: str, tmp_path: Path
) -> None:
    table = text(gather(tmp_path, TrackedRuns(tracking, "test"), registry))

    assert table["Runs"] == "0"
    assert table["to a clean commit"] == "none yet"
    assert table["to load a version, checked"] == "none yet"


def test_a_run_of_the_main_job_is_traced_but_for_its_commit(run_project: Project) -> None:
    result = run_project.output("model", "audit", "--env", "test", "--json")
    found = json.loads(result[result.index("{") :])
    assert found["runs"] == {"FINISHED": 1}
    assert found["traced"] == {"commit": 0, "data": 1, "parameters": 1, "all three": 0}
    assert [run["commit"] for run in found["training"]] == ["commit unknown"]  # no repository
    assert len(found["access"]["load"]) == 1
