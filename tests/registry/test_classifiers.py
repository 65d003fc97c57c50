"""Classifiers in the register beside forecasters, and which of two is the better one."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from kedro.framework.project import configure_project
from sqlalchemy import Engine, insert

from tests.fixtures.project import Project
from tests.registry.conftest import MakeCandidate, MakeClassifier
from tests.store.rows import MODEL, START
from triptych.commands.model import model
from triptych.commands.model_tables import list_lines
from triptych.errors import PipelineError
from triptych.parameters.operations import RegistryParameters
from triptych.registry import mlflow_sync
from triptych.registry.audit.latency import measure_access
from triptych.registry.classifier_comparison import compare_classifiers
from triptych.registry.models import ModelRegistry
from triptych.store.database import close_database
from triptych.store.tables import models, text_predictions
from triptych.store.writes import upsert

REVIEWS = ["un bon film", "une histoire lente", "une belle histoire"]
ADA = ("--by", "Ada", "--reason", "the test needs one")


def test_both_kinds_live_in_one_register(
    registry: ModelRegistry, make_candidate: MakeCandidate, make_classifier: MakeClassifier
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
    expected = candidate.classifier.probabilities(REVIEWS)
    np.testing.assert_array_equal(registry.load(row).probabilities(REVIEWS), expected)
    check_served(row, expected)
    run = mlflow.get_run(row["mlflow_run_id"]).data
    assert run.tags["triptych.registered"] == "texts-polarity version 1"
    assert (run.metrics["chosen/test_accuracy"], run.metrics["chosen/test_n"]) == (0.75, 4.0)
    assert mlflow_sync.compare(registry.engine) == []
    at = pd.Timestamp("2020-01-01", tz="UTC").to_pydatetime()
    assert registry.serving(["northmere"], at)[0]["northmere"]["kind"] == "temperature"
    assert measure_access(registry, mlflow.MlflowClient()).broken == []
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
    registry: ModelRegistry, make_classifier: MakeClassifier, caplog: pytest.LogCaptureFixture
) -> None:
    registry.register(make_classifier(beats_baseline=False))

    assert [row["stage"] for row in registry.list_models()] == ["candidate"]
    assert "it does not beat its baseline on the evaluated split" in caplog.text


RULE = RegistryParameters(promote_first=True)


def version(number: int, splits: tuple[str, ...] = ("test",)) -> dict[str, Any]:
    return MODEL | {
        "model_id": str(number) * 64,
        "kind": "texts",
        "name": "texts-polarity",
        "version": number,
        "locations": [],
        "train_start": None,
        "train_end": None,
        "metrics": {split: {"accuracy": 0.5} for split in splits},
    }


def said(
    row: dict[str, Any], item: str, positive: float, truth: str | None, split: str = "test"
) -> dict[str, Any]:
    return {
        "model_id": row["model_id"],
        "item": item,
        "split": split,
        "label": "positive" if positive >= 0.5 else "negative",
        "probabilities": {"positive": positive, "negative": 1 - positive},
        "true_label": truth,
        "created_at": START,
    }


def write(engine: Engine, rows: list[dict[str, Any]], *answers: dict[str, Any]) -> None:
    with engine.begin() as connection:
        connection.execute(insert(models), rows)
        table = text_predictions
        values = [tuple(answer.values()) for answer in answers]
        assert upsert(connection, table, list(answers[0]), values) == len(answers)
        assert upsert(connection, table, list(answers[0]), values) == 0


def test_both_are_evaluated_on_their_common_items(engine: Engine) -> None:
    old, new = rows = [version(number) for number in (1, 2)]
    write(
        engine, rows,
        said(old, "a", 0.9, "positive"), said(old, "b", 0.2, "negative"), said(old, "c", 0.7, None),
        said(old, "d", 0.9, "negative"), said(old, "e", 0.1, "positive", "train"),
        said(new, "a", 0.9, "positive"), said(new, "b", 0.6, "negative"), said(new, "c", 0.7, None),
        said(new, "e", 0.9, "positive", "train"), said(new, "f", 0.9, "positive"),
    )  # fmt: skip

    worse = compare_classifiers(engine, new, old, RULE)

    assert (worse.n, worse.of_candidate.right, worse.of_production.right) == (2, 1, 2)
    assert worse.of_production.log_loss == pytest.approx(-(math.log(0.9) + math.log(0.8)) / 2)
    assert worse.objection == "The candidate is not more accurate"
    assert str(worse) == (
        "of the same 2 items of test (1 of the candidate and 1 of the other have no counterpart), "
        "version 2 has 1 right (log loss 0.5108), version 1 (in "
        "production) has 2 right (log loss 0.1643); 0 are right by version 2 alone, 1 by version 1 "
        "alone (McNemar's mid-p = 0.5)"
    )


@pytest.mark.parametrize(("more", "p", "objection"), [
    (4, 0.0625, "The improvement is not significant"), (5, 0.03125, None),
])  # fmt: skip
def test_a_few_items_more_are_no_evidence(
    engine: Engine, more: int, p: float, objection: str | None
) -> None:
    old, new = rows = [version(number) for number in (1, 2)]
    write(
        engine, rows,
        *(said(new, str(item), 0.9, "positive") for item in range(10)),
        *(said(old, str(item), 0.1 if item < more else 0.9, "positive") for item in range(10)),
    )  # fmt: skip

    found = compare_classifiers(engine, new, old, RULE)

    assert (found.only_candidate, found.only_production) == (more, 0)
    assert found.p_value == pytest.approx(p)
    assert (found.objection or "").startswith(objection or "")
    assert (found.objection is None) == (objection is None)


def test_versions_without_a_common_item_are_not_compared(engine: Engine) -> None:
    old, new, other = version(1), version(2), version(3, ("val",))
    write(
        engine, [old, new, other], said(old, "a", 0.9, "positive"), said(new, "b", 0.9, "positive")
    )

    with pytest.raises(PipelineError, match=r"holds no item .* both were evaluated on: test\)"):
        compare_classifiers(engine, new, old, RULE)
    with pytest.raises(PipelineError, match=r"both were evaluated on: none\)"):
        compare_classifiers(engine, other, old, RULE)


@pytest.fixture
def command(
    project: Project, tracking: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., str]]:
    """Give `kedro model` in this process, on a project's own SQLite file."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking)
    monkeypatch.setenv("TRIPTYCH_DATABASE_URL", project.database_url)
    configure_project("triptych", preserve_logging=True)

    def run(*arguments: str, code: int = 0) -> str:
        metadata = SimpleNamespace(project_path=project.path)
        result = CliRunner().invoke(model, arguments, obj=metadata)
        assert result.exit_code == code, result.output
        return result.output

    yield run
    close_database(project.database_url)


def test_a_promotion_is_decided_on_the_stored_predictions(
    command: Callable[..., str], project: Project, make_classifier: MakeClassifier
) -> None:
    import mlflow

    from triptych.commands.project import open_registry

    registry = open_registry(project.path, None)
    for seen in (4, 2):
        registry.register(make_classifier(seen))
        mlflow.end_run()
    new, old = registry.list_models()
    unknown = command("promote", "texts-polarity", "2", *ADA, code=1)
    assert "2 is not promoted: texts-polarity versions 2 and 1 cannot be compared" in unknown

    write_answers(registry.engine, new, old)
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


def write_answers(engine: Engine, new: dict[str, Any], old: dict[str, Any]) -> None:
    answers = [said(new, "a", 0.1, "positive"), said(old, "a", 0.9, "positive")]
    with engine.begin() as connection:
        values = [tuple(answer.values()) for answer in answers]
        upsert(connection, text_predictions, list(answers[0]), values)
