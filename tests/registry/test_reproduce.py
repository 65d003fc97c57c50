"""Runs that differ are reproduced bit for bit; changes are reported."""

import json
from functools import partial
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from tests.fixtures.databases import dump_tables
from tests.fixtures.project import Project, copy_of
from tests.registry.training import KNOWN, LEARNED, Trained
from triptych.commands.model import model
from triptych.commands.reproduce import reproduce as reproduce_command
from triptych.errors import PipelineError
from triptych.registry.provenance import SNAPSHOT_TAG
from triptych.registry.reproduction import reproduce as module
from triptych.registry.reproduction.reproduce import (
    REPRODUCED_TAG,
    Reproduction,
    reproduce,
    reproduce_and_record,
)
from triptych.registry.snapshots import SnapshotError, SnapshotStore


def again(trained: Trained, run_id: str) -> Reproduction:
    return reproduce(trained.project.path, trained.tracked.find(run_id))


def files(folder: Path) -> dict[str, bytes]:
    """Return all files but databases, which are compared by their contents."""
    found = [path for path in folder.rglob("*") if path.is_file() and ".db" not in path.name]
    return {str(path): path.read_bytes() for path in found}


def test_six_runs_that_differ_reproduce_bit_for_bit(trained: Trained) -> None:
    def stored() -> object:
        project = trained.project
        return files(project.path / "data"), dump_tables(project.engine()), trained.tracked.all()

    before = stored()

    found = {name: again(trained, run_id) for name, run_id in trained.runs.items()}

    assert {name: result.equal for name, result in found.items()} == dict.fromkeys(found, True)
    assert [result.changes for result in found.values()] == [[]] * 6
    digests = {name: set(result.recorded.digests) for name, result in found.items()}
    fitted = {"fitted arima", "fitted ridge", "fitted lightgbm"}
    assert {"training rows", "registered model", *fitted} <= digests["both families"]
    assert digests["statistical"] == {"training rows", "fitted arima"}
    assert digests["evaluation"] == {"training rows", "registered model"}
    whole = found["both families"]
    assert len(whole.recorded.metrics) > 100
    assert whole.lines()[-1] == "Reproduced bit for bit."
    # other rows, another seed: other results, or the comparison would prove nothing
    differing = ("learned", "another seed", "another place")
    assert len({found[name].retrained.digests["fitted lightgbm"] for name in differing}) == 3
    assert str(stored()) == str(before)


def test_a_changed_parameter_is_named(trained: Trained) -> None:
    run_id = trained.runs["learned"]
    mlflow.MlflowClient().log_param(run_id, "seed", 20)  # as kedro-mlflow does
    trained.edit_manifest(run_id, "parameters", "seed", value=21)

    found = again(trained, run_id)

    assert not found.equal
    assert set(found.differing_digests) == {"fitted lightgbm", "fitted ridge"}
    assert found.changes == [
        "parameters of the record (the run logged others): seed 20 -> 21",
        "configuration (the run's own was used): seed 21 -> 20",
    ]
    assert "DIFFERS" in "\n".join(found.lines())
    assert found.lines()[-1].startswith("NOT reproduced.")
    assert "seed 21: fitted lightgbm, fitted ridge" in found.summary()


def test_changed_versions_code_and_configuration_are_named_though_nothing_differs(
    trained: Trained,
) -> None:
    run_id = trained.runs["statistical"]
    trained.edit_manifest(run_id, "packages", "numpy", value="1.26.4")
    trained.edit_manifest(run_id, "git_commit", value="a" * 40)
    trained.edit_manifest(run_id, "code", "study.py", value="another digest")
    file = trained.project.path / "conf" / "base" / "parameters_preprocessing.yml"
    file.write_text(file.read_text().replace("limit_hours: 6", "limit_hours: 5"))

    found = again(trained, run_id)

    assert found.equal
    code, packages, configuration = found.changes
    assert code.startswith("code: commit aaaaaaaaaaaa -> ")
    assert code.endswith(", study.py")
    assert packages.startswith("package versions: numpy 1.26.4 -> 2.")
    assert "preprocessing.interpolation_limit_hours 6 -> 5" in configuration


def test_a_changed_row_is_named(trained: Trained) -> None:
    run_id = trained.runs["learned"]
    store = SnapshotStore(trained.project.path / "data" / "snapshots")
    snapshot = trained.tracked.find(run_id).data.tags[SNAPSHOT_TAG]
    path = store.path(store.chunks(snapshot)[0])
    rows = pd.read_parquet(path)
    rows.loc[5, "temperature_2m"] += 0.1
    rows.to_parquet(path)

    with pytest.raises(SnapshotError, match=r"Data changed: .*the rows of northmere 2017 now have"):
        again(trained, run_id)


def test_a_corrected_past_is_seen_by_new_runs_alone(trained: Trained) -> None:
    old, hour = trained.runs["learned"], pd.Timestamp("2018-02-03T03:00", tz="UTC")
    warmer = KNOWN["temperature_2m"] + 2.0 * (KNOWN["time"] == hour)
    corrected = KNOWN.assign(temperature_2m=warmer)
    new = trained.train(LEARNED, corrected)
    latest = trained.project.path / "data" / "05_model_input" / "history.parquet"
    latest.parent.mkdir(parents=True, exist_ok=True)
    corrected.to_parquet(latest)

    before, after = (again(trained, run) for run in (old, new))

    assert (before.equal, after.equal, after.changes) == (True, True, [])
    (change,) = before.changes
    assert change.startswith("data, by the latest history (the run's own rows were used): 1 of ")
    assert "rows differ: northmere 2018-02-03 03:00 temperature_2m " in change
    for name in ("training rows", "fitted ridge"):
        assert before.recorded.digests[name] != after.recorded.digests[name]


def test_runs_are_found_by_the_start_of_their_id(trained: Trained) -> None:
    tracked, run_id = trained.tracked, trained.runs["both families"]
    with mlflow.start_run() as empty:
        pass
    with mlflow.start_run() as bare:
        mlflow.set_tag(SNAPSHOT_TAG, "0" * 64)

    assert tracked.find(run_id[:8]).info.run_id == run_id
    assert [run.info.run_id for run in tracked.training()] == [
        *trained.runs.values(), bare.info.run_id,
    ]  # fmt: skip
    for wrong, message in (("zzzz", "is no finished run"), ("", "names several runs")):
        with pytest.raises(PipelineError, match=f"{message}.*latest that trained: .*{run_id[:12]}"):
            tracked.find(wrong)
    with pytest.raises(PipelineError, match="kept no training rows"):
        again(trained, empty.info.run_id)
    with pytest.raises(PipelineError, match="has no record that can be read"):
        again(trained, bare.info.run_id)


def test_the_share_of_runs_that_reproduce_is_reported(trained: Trained) -> None:
    call = trained.project.invoke
    client = mlflow.MlflowClient()
    good, other = trained.runs["statistical"], trained.runs["learned"]
    for run_id in set(trained.runs.values()) - {good, other}:
        client.delete_run(run_id)
    client.log_metric(other, "tuning.ridge.rmse", 0.5, step=99)
    client.log_metric(other, "live.paris.30d.rmse", 1.0)  # not of its training

    output = call(reproduce_command, "--all", code=1)

    title = "as of 2018-10-01, all locations, seed 20"
    assert output.splitlines() == [
        f"{good}  reproduced  {title}",
        f"{other}  DIFFERS     {title}: 1 metrics",
        "1 of 2 training runs reproduce bit for bit (50%).",
    ]
    report = json.loads(call(model, "audit", "--json"))
    assert (report["reproduced"]["yes"], report["reproduced"]["no"]) == (1, 1)
    assert [run["reproduced"] for run in report["training"]] == ["yes", "no"]
    assert report["traced"]["all three"] == 2
    assert client.get_run(other).data.tags["triptych.reproduced_why_not"].endswith("1 metrics")
    assert "Reproduced bit for bit                  1 of 2 (50%)" in call(model, "audit")

    single = call(reproduce_command, other[:8], code=1).splitlines()
    assert "tuning.ridge.rmse at step 99: 0.5 -> None" in single
    assert "the training itself does not give the same twice" in single[-1]

    for chunk in (trained.project.path / "data" / "snapshots").glob("*.parquet"):
        chunk.unlink()
    output = call(reproduce_command, "--all", code=1)
    assert output.count("FAILED      Data missing: ") == 2
    assert output.endswith("0 of 2 training runs reproduce bit for bit (0%).\n")


def test_an_interrupted_reproduction_does_not_count_as_one(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "retrain", interrupt)
    run = trained.tracked.find(trained.runs["statistical"])
    with pytest.raises(KeyboardInterrupt):
        reproduce_and_record(trained.project.path, run)

    tags = mlflow.MlflowClient().get_run(run.info.run_id).data.tags
    assert tags[REPRODUCED_TAG] == "no"
    assert tags["triptych.reproduced_why_not"] == "It was interrupted."


def test_an_invalid_request_is_reported(trained: Trained) -> None:
    call = partial(trained.project.invoke, reproduce_command)
    for arguments in ((), ("0123", "--all")):
        assert "Pass either a RUN_ID or --all" in call(*arguments, code=2)
    unknown = call("zzzz", code=1)
    assert "Error: 'zzzz' is no finished run of the experiment 'test'" in unknown
    for run_id in trained.runs.values():
        mlflow.MlflowClient().delete_run(run_id)
    assert call("--all") == "0 of 0 training runs reproduce bit for bit.\n"


def test_the_main_job_is_recorded_and_reproduces_and_nothing_is_written(
    run_project: Project, tmp_path: Path
) -> None:
    copied = copy_of(run_project, tmp_path / "copied")
    client = mlflow.MlflowClient(copied.tracking_uri)

    def runs() -> list[mlflow.entities.Run]:
        return list(client.search_runs([e.experiment_id for e in client.search_experiments()]))

    (run,) = runs()
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

    result = copied.output("reproduce", run.info.run_id[:8])
    printed = result.splitlines()
    assert printed[0].startswith(f"Run {run.info.run_id} (as of 2024-03-01, northmere;westhaven")
    assert printed[-1] == "Reproduced bit for bit."
    assert sum(line.endswith("same") for line in printed) == 13  # rows, the registered, 11 fitted
    assert any(line.startswith("values of metrics") for line in printed)
    assert "Changed since" not in result
    assert dump_tables(copied.engine()) == before
    assert len(runs()) == 1
