"""The model registry on both databases: what it records, and what it refuses to load."""

import logging
import shutil
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from tests.pipelines.hand_made import history
from tests.registry.conftest import MakeCandidate
from triptych.errors import PipelineError
from triptych.registry.models import ModelRegistry
from triptych.registry.stages import Approval, reject

LATER = datetime(2020, 1, 1, tzinfo=UTC)


def test_a_model_gets_a_row_that_says_where_it_comes_from(
    registry: ModelRegistry,
    make_candidate: MakeCandidate,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("TRIPTYCH_VERSION", "0123abc")
    with mlflow.start_run() as run:
        model_id = registry.register(make_candidate())

    (row,) = before = registry.list_models()
    caplog.set_level(logging.INFO, "triptych")
    assert registry.register(make_candidate()) == model_id  # the same training, the same model
    assert "temperature version 1 is this very model" in caplog.text
    assert registry.list_models() == before
    row = dict(row)
    created = row.pop("created_at")
    assert abs((datetime.now(UTC) - created).total_seconds()) < 60
    assert row.pop("model_uri").startswith("models:/m-")
    assert row == {
        "model_id": model_id,
        "kind": "temperature",
        "name": "temperature",
        "version": 1,
        "algorithm": "same_hour_yesterday",
        "locations": ["northmere"],
        "train_start": datetime(2016, 1, 1, tzinfo=UTC),
        "train_end": datetime(2018, 1, 1, tzinfo=UTC),
        "evaluated_train_end": datetime(2018, 1, 1, tzinfo=UTC),
        "as_of": LATER,
        "parameters": {},
        "features": [],
        "metrics": {
            place: {"rmse": 1.5, "skill_day": 0.5, "skill_climatology": 0.25}
            for place in ("all", "northmere")
        },
        "mlflow_run_id": run.info.run_id,
        "data_sha256": "a" * 64,
        "git_commit": "0123abc",
        "stage": "candidate",
        "approved_by": None,
        "approved_at": None,
    }
    assert len(model_id) == 64


def test_the_first_version_is_promoted_if_it_may_be_and_beats_the_baselines(
    registry: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    registry.register(make_candidate("2018-01-01", promote_first=True))
    registry.register(make_candidate("2018-02-01", promote_first=True))
    registry.register(make_candidate("2018-01-01", promote_first=True))  # again: nothing happens
    registry.register(make_candidate("2018-03-01", name="wind"))

    rows = {(row["name"], row["version"]): row for row in registry.list_models()}
    assert {key: f"{row['train_end']:%Y-%m}" for key, row in rows.items()} == {
        ("temperature", 1): "2018-01", ("temperature", 2): "2018-02", ("wind", 1): "2018-03",
    }  # fmt: skip
    first, second = rows["temperature", 1], rows["temperature", 2]
    assert (first["stage"], first["approved_by"]) == ("production", "kedro run")
    assert (second["stage"], second["approved_by"]) == ("candidate", None)
    (change,) = registry.history("temperature")
    assert (change["version"], change["action"], change["forced"]) == (1, "promote", False)
    assert (change["who"], change["why"]) == (
        "kedro run", "first version of its name; beats the baselines",
    )  # fmt: skip


@pytest.mark.parametrize("skill", [0.0, -0.1, float("nan")])
def test_a_first_version_that_does_no_better_than_a_baseline_stays_a_candidate(
    registry: ModelRegistry,
    make_candidate: MakeCandidate,
    skill: float,
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry.register(make_candidate(skill=skill, promote_first=True))

    assert [row["stage"] for row in registry.list_models()] == ["candidate"]
    assert "temperature version 1 stays a candidate: it does not beat" in caplog.text
    assert "kedro model promote temperature 1 --by NAME --reason WHY" in caplog.text


def test_what_a_person_has_decided_a_run_leaves_alone(
    registry: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    registry.register(make_candidate())
    (row,) = registry.list_models()
    with registry.engine.begin() as connection:
        reject(connection, row, Approval("Ada", "wrong station"))

    registry.register(make_candidate(promote_first=True))

    assert [row["stage"] for row in registry.list_models()] == ["archived"]


def test_a_model_comes_back_as_it_was_unless_its_files_changed(
    three: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    row = three.find("temperature", 1)
    candidate = make_candidate("2018-01-01")
    known, origin = history("2019-05-01", "2019-07-14"), pd.DatetimeIndex(["2019-07-14"], tz="UTC")
    pd.testing.assert_frame_equal(
        three.load(row).predict(known, origin, range(1, 17)),
        candidate.model.predict(known, origin, range(1, 17)),
    )
    assert three.broken_files() == []

    files = Path(mlflow.artifacts.download_artifacts(row["model_uri"])) / "artifacts/forecaster"
    specification = files / "forecaster.json"
    specification.write_text(specification.read_text().replace('"seed": 20', '"seed": 21'))

    with pytest.raises(PipelineError, match=r"were changed after it was registered .* not used"):
        three.load(row)
    with pytest.raises(PipelineError, match=r"cannot be read from models:/m-0: .*Restore"):
        three.load(row | {"model_uri": "models:/m-0"})
    shutil.rmtree(files)
    with pytest.raises(PipelineError, match=r"(were changed|cannot be read)"):
        three.load(row)
    (broken,) = three.broken_files()
    assert broken.startswith("temperature version 1: ")
