"""The register of models, on both databases: what it keeps, and what it refuses to give back."""

import logging
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest

from tests.pipelines.hand_made import history
from tests.registry.conftest import MakeCandidate
from triptych.errors import PipelineError
from triptych.registry.models import ModelRegistry
from triptych.registry.stages import Approval
from triptych.registry.transitions import reject_version

LATER = datetime(2020, 1, 1, tzinfo=UTC)


def files(registry: ModelRegistry) -> Path:
    """The folder of the only model's files."""
    import mlflow

    (row,) = registry.list_models()
    uri = mlflow.models.get_model_info(row["model_uri"]).artifact_path
    return Path(urlsplit(uri).path) / "artifacts" / "forecaster"


def test_a_model_gets_a_row_that_says_where_it_comes_from(
    registry: ModelRegistry, make_candidate: MakeCandidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.setenv("TRIPTYCH_VERSION", "0123abc")
    with mlflow.start_run() as run:
        model_id = registry.register(make_candidate())

    (row,) = registry.list_models()
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


def test_the_same_model_again_is_one_row(
    registry: ModelRegistry, make_candidate: MakeCandidate, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "triptych")

    first = registry.register(make_candidate())
    before = registry.list_models()
    second = registry.register(make_candidate())

    assert first == second
    assert registry.list_models() == before
    assert len(before) == 1
    assert "temperature version 1 is this very model" in caplog.text


def test_the_id_covers_the_refit_and_the_evaluated_model(
    registry: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    first, other = make_candidate("2018-02-01"), make_candidate("2018-03-01")
    candidates = [
        first,
        replace(first, forecaster=other.forecaster),
        replace(first, evaluated=other.evaluated),
    ]

    assert len({registry.register(each) for each in candidates}) == len(candidates)


def test_versions_count_by_name_and_the_newest_comes_first(
    registry: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    registry.register(make_candidate("2018-01-01"))
    registry.register(make_candidate("2018-02-01"))
    registry.register(make_candidate("2018-03-01", name="wind"))

    listed = {(row["name"], row["version"]): row["train_end"] for row in registry.list_models()}
    assert {key: f"{end:%Y-%m}" for key, end in listed.items()} == {
        ("temperature", 1): "2018-01",
        ("temperature", 2): "2018-02",
        ("wind", 1): "2018-03",
    }
    temperature = [r["version"] for r in registry.list_models() if r["name"] == "temperature"]
    assert temperature == [2, 1]


def test_the_first_version_is_promoted_if_it_may_be_and_beats_the_baselines(
    registry: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    registry.register(make_candidate("2018-01-01", promote_first=True))
    registry.register(make_candidate("2018-02-01", promote_first=True))
    registry.register(make_candidate("2018-01-01", promote_first=True))  # again: nothing happens

    (second, first) = registry.list_models()
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
    reject_version(registry.engine, row, Approval("Ada", "wrong station"))

    registry.register(make_candidate(promote_first=True))

    assert [row["stage"] for row in registry.list_models()] == ["archived"]


def test_a_model_comes_back_as_it_was(
    registry: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    candidate = make_candidate()
    registry.register(candidate)

    loaded = registry.load(registry.list_models()[0])

    known, origin = history("2019-05-01", "2019-07-14"), pd.DatetimeIndex(["2019-07-14"], tz="UTC")
    pd.testing.assert_frame_equal(
        loaded.predict(known, origin, range(1, 17)),
        candidate.forecaster.predict(known, origin, range(1, 17)),
    )


def test_files_that_were_changed_are_not_used(
    registry: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    registry.register(make_candidate())
    specification = files(registry) / "forecaster.json"
    whole = specification.read_text()
    registry.load(registry.list_models()[0])

    specification.write_text(whole.replace('"seed": 20', '"seed": 21'))

    with pytest.raises(PipelineError, match=r"were changed after it was registered .* not used"):
        registry.load(registry.list_models()[0])


def test_files_that_are_gone_are_explained(
    registry: ModelRegistry, make_candidate: MakeCandidate
) -> None:
    registry.register(make_candidate())
    (row,) = registry.list_models()

    with pytest.raises(PipelineError, match=r"cannot be read from models:/m-0: .*Restore"):
        registry.load(row | {"model_uri": "models:/m-0"})

    for path in files(registry).iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(PipelineError, match=r"(were changed|cannot be read)"):
        registry.load(row)
