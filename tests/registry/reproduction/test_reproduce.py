"""Five runs that differ come out again bit for bit; what was changed is named."""

import json
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from tests.fixtures.databases import dump_tables
from tests.fixtures.project import Project
from tests.pipelines.hand_made import history
from tests.registry.reproduction.conftest import EVALUATION, LEARNED, STATISTICAL, WHOLE, Train
from triptych.errors import PipelineError
from triptych.registry.reproduction.report import Reproduction, lines, summary
from triptych.registry.reproduction.reproduce import Tracked, reproduce
from triptych.registry.run_manifest import ARTIFACT, SNAPSHOT_TAG
from triptych.registry.snapshots import SnapshotError, SnapshotStore

KNOWN = ("2017-01-01", "2018-10-01")


def again(project: Project, tracked: Tracked, run_id: str) -> Reproduction:
    return reproduce(project.path, tracked, tracked.find(run_id))


def edit_record(run_id: str, *path: str, value: Any) -> None:
    """Write another value in the record of a run."""
    file = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=ARTIFACT))
    record = json.loads(file.read_text())
    part = record
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    mlflow.MlflowClient().log_dict(run_id, record, ARTIFACT)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_five_runs_that_differ_reproduce_bit_for_bit(
    project: Project, tracked: Tracked, train: Train
) -> None:
    here, there = history(*KNOWN), history(*KNOWN, ("westhaven",))
    runs = {
        "learned": train(LEARNED, here),
        "statistical": train(STATISTICAL, here),
        "both families": train(WHOLE, here),
        "another place": train(LEARNED, there),
        "another seed": train(LEARNED, here, seed=21),
    }
    kept = files(project.path / "data"), dump_tables(project.engine()), len(tracked.training())

    found = {name: again(project, tracked, run_id) for name, run_id in runs.items()}

    assert {name: made.equal for name, made in found.items()} == dict.fromkeys(runs, True)
    assert [made.changes for made in found.values()] == [[]] * 5
    whole = found["both families"].recorded
    assert {"training rows", "registered model", "fitted ridge", "fitted arima"} <= set(
        whole.digests
    )
    assert set(found["statistical"].recorded.digests) == {"training rows", "fitted arima"}
    assert len(whole.metrics) > 100
    assert lines(found["both families"])[-1] == "Reproduced bit for bit."
    # other rows, another seed: other results, or the comparison would prove nothing
    differing = ("learned", "another seed", "another place")
    assert len({found[name].retrained.digests["fitted lightgbm"] for name in differing}) == 3
    now = files(project.path / "data"), dump_tables(project.engine()), len(tracked.training())
    assert now == kept


def test_a_changed_parameter_is_named(project: Project, tracked: Tracked, train: Train) -> None:
    run_id = train(LEARNED, history(*KNOWN))
    mlflow.MlflowClient().log_param(run_id, "seed", 20)  # as kedro-mlflow does
    edit_record(run_id, "parameters", "seed", value=21)

    found = again(project, tracked, run_id)

    assert not found.equal
    assert set(found.differing_digests) == {"fitted lightgbm", "fitted ridge"}
    assert found.changes == [
        "parameters of the record (the run logged others): seed 20 -> 21",
        "configuration (the run's own was used): seed 21 -> 20",
    ]
    assert "DIFFERS" in "\n".join(lines(found))
    assert lines(found)[-1].startswith("NOT reproduced.")
    assert "seed 21: fitted lightgbm, fitted ridge" in summary(found)


def test_changed_versions_code_and_configuration_are_named_though_nothing_differs(
    project: Project, tracked: Tracked, train: Train
) -> None:
    run_id = train(STATISTICAL, history(*KNOWN))
    edit_record(run_id, "packages", "numpy", value="1.26.4")
    edit_record(run_id, "git_commit", value="a" * 40)
    edit_record(run_id, "code", "study.py", value="another digest")
    file = project.path / "conf" / "base" / "parameters_preprocessing.yml"
    file.write_text(file.read_text().replace("limit_hours: 6", "limit_hours: 5"))

    found = again(project, tracked, run_id)

    assert found.equal
    code, packages, configuration = found.changes
    assert code == "code: commit aaaaaaaaaaaa -> unknown, study.py"
    assert packages.startswith("package versions: numpy 1.26.4 -> 2.")
    assert "preprocessing.interpolation_limit_hours 6 -> 5" in configuration


def test_a_metric_that_differs_is_named_with_its_step(
    project: Project, tracked: Tracked, train: Train
) -> None:
    searched = {"models": {"arima": {"ar": 1}}, "trials": 1}
    run_id = train(STATISTICAL, history(*KNOWN), statistical=searched)
    mlflow.MlflowClient().log_metric(run_id, "tuning.arima.rmse", 1.0, step=99)
    mlflow.MlflowClient().log_metric(run_id, "live.paris.30d.rmse", 1.0)  # not of its training

    found = again(project, tracked, run_id)

    assert found.differing_metrics == [("tuning.arima.rmse", 99)]
    assert "tuning.arima.rmse at step 99: 1.0 -> None" in lines(found)
    assert "the training itself does not give the same twice" in lines(found)[-1]


def test_a_changed_row_is_named(project: Project, tracked: Tracked, train: Train) -> None:
    run_id = train(LEARNED, history(*KNOWN))
    store = SnapshotStore(project.path / "data" / "snapshots")
    snapshot = tracked.find(run_id).data.tags[SNAPSHOT_TAG]
    path = store.path(store.chunks(snapshot)[0])
    rows = pd.read_parquet(path)
    rows.loc[5, "temperature_2m"] += 0.1
    rows.to_parquet(path)

    with pytest.raises(SnapshotError, match=r"Data changed: .*the rows of northmere 2017 now have"):
        again(project, tracked, run_id)

    latest = project.path / "data" / "05_model_input" / "history.parquet"
    latest.parent.mkdir(parents=True)
    history(*KNOWN).to_parquet(latest)  # the right rows are known elsewhere
    said = (
        r"1 of 2,920 rows differ: northmere 2017-01-01 15:00 temperature_2m [\d.-]+ -> [\d.-]+\.$"
    )
    with pytest.raises(SnapshotError, match=said):
        again(project, tracked, run_id)


def test_runs_are_found_by_the_start_of_their_id(tracked: Tracked, train: Train) -> None:
    run_id = train(STATISTICAL, history(*KNOWN))
    with mlflow.start_run() as empty:
        pass

    assert tracked.find(run_id[:8]).info.run_id == run_id
    assert [run.info.run_id for run in tracked.training()] == [run_id]
    for wrong, message in (("zzzz", "is no finished run"), ("", "names several runs")):
        with pytest.raises(PipelineError, match=f"{message}.*latest that trained: {run_id[:12]}"):
            tracked.find(wrong)
    assert tracked.find(empty.info.run_id).info.run_id == empty.info.run_id


def test_a_run_without_rows_or_record_says_so(
    project: Project, tracked: Tracked, train: Train
) -> None:
    with mlflow.start_run() as empty:
        pass
    with pytest.raises(PipelineError, match="kept no training rows"):
        again(project, tracked, empty.info.run_id)
    with mlflow.start_run() as bare:
        mlflow.set_tag(SNAPSHOT_TAG, "0" * 64)
    with pytest.raises(PipelineError, match="has no record that can be read"):
        again(project, tracked, bare.info.run_id)


def test_an_evaluation_alone_is_made_again_from_the_fits_on(
    project: Project, tracked: Tracked, train: Train
) -> None:
    rows = history(*KNOWN)
    train(STATISTICAL, rows)
    train(LEARNED, rows)

    found = again(project, tracked, train(EVALUATION, rows))

    assert found.equal
    assert set(found.recorded.digests) == {"training rows", "registered model"}
    assert found.recorded.metrics.keys() == found.retrained.metrics.keys()
