"""`kedro reproduce` as its users call it: what it prints, its exit code, that it writes nothing."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pytest
from click.testing import CliRunner, Result

from tests.fixtures.databases import dump_tables
from tests.fixtures.project import Project, copy_of
from tests.pipelines.hand_made import history
from tests.registry.reproduction.conftest import LEARNED, STATISTICAL, Train
from triptych.commands.reproduce import reproduce
from triptych.registry.reproduction.reproduce import Tracked
from triptych.registry.snapshots import SnapshotStore


def runs(project: Project) -> list[Any]:
    client = mlflow.MlflowClient(project.tracking_uri)
    return list(client.search_runs([each.experiment_id for each in client.search_experiments()]))


def test_the_main_job_is_recorded_and_reproduces_and_nothing_is_written(
    run_project: Project, tmp_path: Path
) -> None:
    copied = copy_of(run_project, tmp_path / "copied")
    (run,) = runs(copied)
    artifacts = copied.path / "data" / "mlartifacts" / run.info.run_id / "artifacts"
    record = json.loads((artifacts / "provenance.json").read_text())
    assert record["env"] == "test"
    assert record["parameters"]["seed"] == 20
    assert record["parameters"]["forecast"]["train_years"] == 1
    assert record["runtime_params"] == {}
    assert {"python", "numpy", "pandas", "lightgbm", "statsmodels"} <= set(record["packages"])
    assert "openblas" in record["machine"]["blas"]
    assert run.data.tags["triptych.seed"] == "20"
    before = dump_tables(copied.engine())

    result = copied.kedro("reproduce", run.info.run_id[:8])

    assert result.returncode == 0, result.stdout
    said = result.stdout.splitlines()
    assert said[0].startswith(f"Run {run.info.run_id} (as of 2024-03-01, northmere;westhaven")
    assert said[-1] == "Reproduced bit for bit."
    assert sum(line.endswith("same") for line in said) == 13  # rows, the registered, 11 fitted
    assert any(line.startswith("values of metrics") for line in said)
    assert "Changed since" not in result.stdout
    assert dump_tables(copied.engine()) == before
    assert len(runs(copied)) == 1


@pytest.fixture
def call(project: Project, tracked: Tracked, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call the command in this process, on the test's own store."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracked.uri)
    (project.path / "conf" / "local" / "mlflow.yml").write_text(
        "tracking: { experiment: { name: test } }\n"
    )

    def invoke(*arguments: str) -> Result:
        metadata = SimpleNamespace(project_path=project.path)
        return CliRunner().invoke(reproduce, list(arguments), obj=metadata)

    return invoke


def test_all_runs_give_a_share(project: Project, call: Any, train: Train) -> None:
    good = train(STATISTICAL, history("2017-01-01", "2018-10-01"))
    other = train(LEARNED, history("2017-01-01", "2018-10-01"))
    mlflow.MlflowClient().log_metric(other, "tuning.ridge.rmse", 0.5, step=7)

    result = call("--all")

    assert result.exit_code == 1
    said = result.output.splitlines()
    assert said[0] == f"{good}  reproduced  as of 2018-10-01, all locations, seed 20"
    assert said[1] == f"{other}  DIFFERS     as of 2018-10-01, all locations, seed 20: 1 metrics"
    assert said[2] == "1 of 2 training runs reproduce bit for bit (50%)."
    store = SnapshotStore(project.path / "data" / "snapshots")
    next(store.folder.glob("*.parquet")).unlink()

    result = call("--all")

    assert result.exit_code == 1
    assert result.output.count("FAILED      Data missing: ") == 2
    assert result.output.endswith("0 of 2 training runs reproduce bit for bit (0%).\n")


def test_what_cannot_be_asked_for_is_told(call: Any) -> None:
    for arguments in ((), ("0123", "--all")):
        result = call(*arguments)
        assert (result.exit_code, "Pass either a RUN_ID or --all" in result.output) == (2, True)
    result = call("0123")
    assert result.exit_code == 1
    assert "Error: '0123' is no finished run of the experiment 'test'" in result.output
    assert call("--all").output == "0 of 0 training runs reproduce bit for bit.\n"
