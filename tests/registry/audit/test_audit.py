"""The audit counts what is there: a small setup whose every figure is known."""

import json
import shutil
from pathlib import Path
from urllib.parse import urlparse

import mlflow
import pytest

from tests.fixtures.project import Project
from tests.pipelines.hand_made import history
from tests.registry.audit.conftest import git
from tests.registry.conftest import MakeCandidate
from tests.registry.reproduction.conftest import LEARNED, Train
from tests.registry.reproduction.test_reproduce import edit_record
from triptych.registry.audit.metrics import Audit, gather
from triptych.registry.audit.report import lines
from triptych.registry.models import ModelRegistry
from triptych.registry.reproduction.reproduce import Tracked
from triptych.registry.reproduction.status import reproduce_and_record
from triptych.registry.snapshots import FOLDER

KNOWN = history("2017-01-01", "2018-10-01")


def size_of(folder: Path) -> int:
    """Bytes of all files but the note that MLflow leaves itself when a model is registered."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files if path.name != "registered_model_meta")


def faults(found: Audit) -> list[tuple[str, str, str]]:
    return [(trace.commit, trace.data, trace.parameters) for trace in found.traces]


def text(found: Audit) -> dict[str, str]:
    """The table by its labels."""
    return {line[:40].strip(): line[40:].strip() for line in lines(found)}


def test_every_figure_of_a_small_setup(
    project: Project,
    tracked: Tracked,
    train: Train,
    committed: str,
    registry: ModelRegistry,
    make_candidate: MakeCandidate,
) -> None:
    first = train(LEARNED, KNOWN)  # all of it in order
    with (project.path / "pyproject.toml").open("a") as file:
        file.write("# a change that is in no commit\n")
    second = train(LEARNED, KNOWN, seed=21)
    with mlflow.start_run() as third:  # as an earlier version did it: no record, no rows
        registry.register(make_candidate(promote_first=True))
    with pytest.raises(ZeroDivisionError), mlflow.start_run():
        1 / 0  # noqa: B018

    found = gather(project.path, tracked, registry)

    assert found.statuses == {"FINISHED": 3, "FAILED": 1}
    assert [trace.run_id for trace in found.traces] == [first, second, third.info.run_id]
    assert faults(found) == [
        ("", "", ""),
        ("files differed from the commit", "", ""),
        (
            "files differed from the commit",
            "the training rows were not kept",
            "no record that can be read",
        ),
    ]
    assert found.shares == {
        "commit": 1, "data": 2, "parameters": 2, "all three": 1, "reproduced": 0,
    }  # fmt: skip
    stored = sum(path.stat().st_size for path in (project.path / FOLDER).glob("*.parquet"))
    assert (found.rows.stored, found.rows.referenced, found.rows.saved) == (stored, 2 * stored, 0.5)
    artifacts = Path(urlparse(third.info.artifact_uri).path).parents[1]
    assert sum(found.run_sizes) == size_of(artifacts)
    assert found.store == Path(tracked.uri.removeprefix("sqlite:///")).stat().st_size
    assert (len(found.access.load), len(found.access.find_run), found.access.broken) == (1, 1, [])
    assert (found.changes, found.approved) == (1, 1)

    table = text(found)
    assert table["to a clean commit"] == "1 of 3 (33%)"
    assert table["to their data: digest, stored rows"] == "2 of 3 (67%)"
    assert table["to all three"] == "1 of 3 (33%)"
    assert table["Reproduced bit for bit"].endswith("3 not tried: kedro model audit --reproduce")
    assert table["training rows"].endswith("50% saved")


def test_a_reproduction_leaves_its_verdict(
    project: Project, tracked: Tracked, train: Train, committed: str, registry: ModelRegistry
) -> None:
    good, bad = train(LEARNED, KNOWN), train(LEARNED, KNOWN, seed=21)
    mlflow.MlflowClient().log_metric(bad, "tuning.ridge.rmse", 1.0, step=99)
    for run_id in (good, bad):
        reproduce_and_record(project.path, tracked, tracked.find(run_id))

    found = gather(project.path, tracked, registry)

    assert {run_id: status.same for run_id, status in found.reproductions.items()} == {
        good: True, bad: False,
    }  # fmt: skip
    assert text(found)["Reproduced bit for bit"] == "1 of 2 (50%)"
    tags = mlflow.MlflowClient().get_run(bad).data.tags
    assert tags["triptych.reproduced_why_not"].endswith("1 metrics")
    told = json.loads(json.dumps(found.as_json()))
    assert (told["reproduced"]["yes"], told["reproduced"]["no"]) == (1, 1)
    assert [run["reproduced"] for run in told["training"]] == ["yes", "no"]
    assert told["traced"]["all three"] == 2


def test_what_was_lost_or_changed_is_not_counted(
    project: Project,
    tracked: Tracked,
    train: Train,
    committed: str,
    registry: ModelRegistry,
    make_candidate: MakeCandidate,
) -> None:
    run_id = train(LEARNED, KNOWN)
    mlflow.MlflowClient().log_param(run_id, "seed", 20)  # as kedro-mlflow does
    with mlflow.start_run():
        registry.register(make_candidate())
    edit_record(run_id, "parameters", "seed", value=21)
    chunks = sorted((project.path / FOLDER).glob("*.parquet"))
    shutil.copy(chunks[0], chunks[1])
    git(project.path, "commit", "--quiet", "--amend", "--message", "history rewritten")
    git(project.path, "reflog", "expire", "--expire=now", "--all")
    git(project.path, "gc", "--quiet", "--prune=now")
    uri = registry.list_models()[0]["model_uri"]
    shutil.rmtree(mlflow.get_logged_model(uri.removeprefix("models:/")).artifact_location)

    found = gather(project.path, tracked, registry)

    assert faults(found)[0] == (
        "the commit is not in this repository",
        "data changed",
        "the record has seed otherwise than MLflow",
    )
    assert [text.partition(":")[0] for text in found.access.broken] == ["temperature version 1"]
    assert text(found)["files open, digest as registered"] == "0 of 1 (0%)"

    chunks[1].unlink()
    assert faults(gather(project.path, tracked, registry))[0][1] == "data missing"


def test_with_nothing_tracked_there_is_nothing_to_count(
    project: Project, tracked: Tracked, registry: ModelRegistry
) -> None:
    table = text(gather(project.path, tracked, registry))

    assert table["Runs"] == "0"
    assert table["to a clean commit"] == "none yet"
    assert table["to load a version, checked"] == "none yet"


def test_a_run_of_the_main_job_is_traced_but_for_its_commit(run_project: Project) -> None:
    result = run_project.kedro("model", "audit", "--env", "test", "--json")

    assert result.returncode == 0, result.stdout
    told = json.loads(result.stdout[result.stdout.index("{") :])
    assert told["runs"] == {"FINISHED": 1}
    assert told["traced"] == {"commit": 0, "data": 1, "parameters": 1, "all three": 0}
    assert [run["commit"] for run in told["training"]] == ["commit unknown"]  # no repository
    assert len(told["access"]["load"]) == 1
