"""Classifiers in the model registry beside forecasters."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.framework.project import configure_project

from tests.fixtures.project import Project
from tests.registry.conftest import MakeCandidate
from tests.registry.test_comparison import answer, write
from triptych.commands.model import model
from triptych.commands.model_tables import list_lines
from triptych.commands.project import open_registry
from triptych.registry import mlflow_sync
from triptych.registry.audit import gather
from triptych.registry.models import ModelRegistry
from triptych.registry.reproduction.reproduce import TrackedRuns
from triptych.store.migrate import close_database

REVIEWS = ["un bon film", "une histoire lente", "une belle histoire"]
ADA = ("--by", "Ada", "--reason", "the test needs one")


def test_both_kinds_are_in_one_registry(
    registry: ModelRegistry,
    make_candidate: MakeCandidate,
    make_classifier: MakeCandidate,
    tmp_path: Path,
) -> None:
    import mlflow

    registry.register(make_candidate(promote_first=True))
    mlflow.end_run()
    candidate = make_classifier()
    model_id = registry.register(candidate)
    mlflow.end_run()
    assert registry.register(make_classifier()) == model_id  # the same training, the same model
    mlflow.end_run()

    kinds = {row["kind"]: row for row in registry.list_models()}
    assert set(kinds) == {"temperature", "texts"}
    row = kinds["texts"]
    assert (row["name"], row["version"], row["stage"]) == ("texts-polarity", 1, "production")
    assert (row["locations"], row["train_start"], row["train_end"]) == ([], None, None)
    expected = candidate.model.probabilities(REVIEWS)
    np.testing.assert_array_equal(registry.load(row).probabilities(REVIEWS), expected)
    check_served(row, expected)
    run = mlflow.get_run(row["mlflow_run_id"]).data
    assert run.tags["triptych.registered"] == "texts-polarity version 1"
    assert (run.metrics["chosen/test_accuracy"], run.metrics["chosen/test_n"]) == (0.75, 4.0)
    assert mlflow_sync.compare(registry.engine) == []
    at = pd.Timestamp("2020-01-01", tz="UTC").to_pydatetime()
    assert registry.serving(["northmere"], at)[0]["northmere"]["kind"] == "temperature"
    runs = TrackedRuns(mlflow.get_tracking_uri(), "test")
    assert gather(tmp_path, runs, registry)["access"]["broken"] == []
    heads = [line for line in list_lines(registry.list_models()) if line.startswith("name")]
    assert ["day-ahead RMSE (°C)" in heads[0], "accuracy" in heads[1]] == [True, True]


def check_served(row: dict[str, Any], expected: np.ndarray) -> None:
    """What `mlflow models serve` would answer: a label and a column a class."""
    import mlflow

    served = mlflow.pyfunc.load_model(row["model_uri"]).predict(pd.DataFrame({"review": REVIEWS}))
    assert served["label"].tolist() == ["positive", "negative", "positive"]
    np.testing.assert_array_equal(served[["negative", "positive"]].to_numpy(), expected)
    needed = mlflow.pyfunc.get_model_dependencies(row["model_uri"])
    assert {line.split("==")[0] for line in Path(needed).read_text().split()} == {
        "mlflow", "numpy", "pandas", "triptych",
    }  # fmt: skip


def test_one_that_does_not_beat_its_baseline_stays_a_candidate(
    registry: ModelRegistry, make_classifier: MakeCandidate, caplog: pytest.LogCaptureFixture
) -> None:
    registry.register(make_classifier(beats_baselines=False))

    assert [row["stage"] for row in registry.list_models()] == ["candidate"]
    assert "it does not beat its baseline on the evaluated split" in caplog.text


@pytest.fixture
def command(
    project: Project, tracking: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., str]]:
    """Give `kedro model` in this process, on a project's own SQLite file."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking)
    monkeypatch.setenv("TRIPTYCH_DATABASE_URL", project.database_url)
    configure_project("triptych", preserve_logging=True)
    yield partial(project.invoke, model)
    close_database(project.database_url)


def test_a_promotion_is_decided_on_the_stored_predictions(
    command: Callable[..., str], project: Project, make_classifier: MakeCandidate
) -> None:
    import mlflow

    registry = open_registry(project.path, None)
    for seen in (4, 2):
        registry.register(make_classifier(seen))
        mlflow.end_run()
    new, old = registry.list_models()
    unknown = command("promote", "texts-polarity", "2", *ADA, code=1)
    assert "2 is not promoted: texts-polarity versions 2 and 1 cannot be compared" in unknown

    write(registry.engine, [], answer(new, "a", 0.1, "positive"), answer(old, "a", 0.9, "positive"))
    refusal = command("promote", "texts-polarity", "2", *ADA, code=1)
    assert "texts-polarity version 2 is not promoted: of the same 1 items of test" in refusal
    forced = command("promote", "texts-polarity", "2", *ADA, "--force")
    assert "texts-polarity version 2 is in production, approved by Ada." in forced
    refusal = command("promote", "texts-polarity", "1", *ADA, code=1)  # one right more
    assert "version 1 has 1 right" in refusal
    assert "The improvement is not significant: required is p < 0.05" in refusal
    assert "--force, which is recorded with the reason" in refusal
    assert "promote (forced)" in command("show", "texts-polarity", "2")
    assert "test 0.750" in command("list", "texts-polarity")
