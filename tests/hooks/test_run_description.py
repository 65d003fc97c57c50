"""What MLflow's pages and the last lines tell of a run, also of one that failed."""

import json
from typing import Any

import mlflow
import pandas as pd
import pytest
from sqlalchemy import select

from tests.fixtures.project import Project
from triptych.hooks.run_description import (
    Description,
    day_ahead,
    describe_classifiers,
    describe_forecasts,
)
from triptych.hooks.run_summary import SummaryHook
from triptych.store.engine import reading
from triptych.store.tables import models

PARAMETERS = {"as_of": "2019-07-14", "today": "2024-03-01", "source": "open_meteo", "seed": 20}


def comparison(*places: str, **rmse: float) -> pd.DataFrame:
    rows = [
        {
            "location": place, "model": model, "data_age": 0, "lead": lead, "n": 2920,
            "rmse": value, "skill_day": 0.25, "skill_climatology": 0.5, "coverage": 0.9,
        }
        for place in ("all", *places)
        for model, value in rmse.items()
        for lead in ("1", "1-8")
    ]  # fmt: skip
    return day_ahead(pd.DataFrame(rows))


def describe(
    saved: dict[str, Any] | None = None, places: tuple[str, ...] = ("brest", "paris"), **more: Any
) -> Description:
    registered = ["Registered as temperature-brest-paris version 3."]
    return describe_forecasts(places, PARAMETERS | more, saved or {}, registered)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (describe(), "brest, paris · 2019-07-14 · main job"),
        (describe(places=tuple("abcd")), "4 locations · 2019-07-14 · main job"),
        (describe(as_of="2019-07-14T06:00"), "brest, paris · 2019-07-14 06:00 UTC · main job"),
        (describe(places=()), "no location · 2019-07-14 · main job"),
    ],
)
def test_a_name_is_readable_whatever_is_asked_for(told: Description, name: str) -> None:
    assert told.name("__default__") == name


def test_a_description_has_the_comparison_best_first() -> None:
    told = describe(
        {
            "learned_comparison": comparison(ridge=9.0),  # that of all forecasters goes before it
            "forecast_comparison": comparison("brest", "paris", ridge=1.5, sarimax=1.25),
            "chosen_model": "ridge",
            "monitoring_warnings": ["worse than climatology at paris"],
        }
    )

    text = "\n\n".join(told.parts)

    assert told.name("ts_ml+nlp") == "ridge 1.50 °C · brest, paris · 2019-07-14 · ts_ml+nlp"
    assert text.startswith("Chosen on validation: **ridge**, day-ahead RMSE **1.50 °C**")
    assert "Its RMSE is 25% lower than that of the same hour yesterday" in text
    assert "Registered as temperature-brest-paris version 3" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert table == [
        "| model | all | brest | paris | skill vs same hour yesterday "
        "| coverage of 90 % intervals |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| sarimax | 1.25 | 1.25 | 1.25 | 25.0% | 90.0% |",
        "| **ridge** (chosen) | 1.50 | 1.50 | 1.50 | 25.0% | 90.0% |",
    ]
    assert "same 2,920 targets" in text
    assert text.endswith("**Warning:** worse than climatology at paris")


def test_a_run_of_one_family_has_its_own_comparison() -> None:
    told = describe({"learned_comparison": comparison("paris", ridge=1.5)}, places=("paris",))

    text = "\n\n".join(told.parts)
    assert "| ridge | 1.50 | 25.0% | 90.0% |" in text
    assert "Chosen" not in text


def test_a_classifiers_description_has_the_evaluated_split() -> None:
    rows = [
        {"model": model, "split": split, "n": 200, "accuracy": value, "accuracy_low": 0.5,
         "accuracy_high": 1.0, "macro_f1": value, "roc_auc": value, "brier": 0.1}
        for split in ("val", "test") for model, value in (("svm", 0.875), ("lstm", 0.75))
    ]  # fmt: skip
    saved = {"text_comparison": pd.DataFrame(rows), "text_ranking": ["svm", "lstm"]}
    parameters = {"nlp": {"source": "folder", "test_split": "val"}, "seed": 20}

    told = describe_classifiers("nlp", parameters, saved, [])

    assert told.name("nlp") == "svm 87.5% · film reviews · nlp"
    result, about, table = told.parts
    assert result.startswith("Chosen by cross-validation: **svm**, accuracy **87.5%** on the 200")
    assert about == "Positive or negative? Of film reviews; seed 20."
    assert table.splitlines()[-1] == "| lstm | 0.750 | 0.750 | 0.750 | 0.100 |"
    assert describe_classifiers("nlp", parameters, {}, []).parts == [about]


def test_the_page_of_the_main_job(run_project: Project, tracking: str) -> None:
    client = mlflow.MlflowClient(run_project.tracking_uri)
    experiment = client.get_experiment_by_name("temperature")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    tags, metrics = run.data.tags, run.data.metrics
    with reading(run_project.engine()) as connection:
        model = dict(connection.execute(select(models)).mappings().one())

    chosen = model["algorithm"]
    rmse = model["metrics"]["all"]["rmse"]
    assert (
        run.info.run_name
        == f"{chosen} {rmse:.2f} °C · northmere, westhaven · 2024-03-01 · main job"
    )
    assert f"**{chosen}** (chosen)" in tags["mlflow.note.content"]
    assert {name: tags[f"triptych.{name}"] for name in (
        "modality", "source", "env", "git_state", "stage", "registered", "pipeline", "locations"
    )} == {
        "modality": "temperature",
        "source": "sample",
        "env": "test",
        "git_state": "unknown",  # the copy of the project is in no repository
        "stage": "production",
        "registered": "temperature-northmere-westhaven version 1",
        "pipeline": "__default__",
        "locations": "northmere;westhaven",
    }  # fmt: skip
    assert tags["runner"] == "SequentialRunner"
    assert metrics["chosen/day_rmse"] == rmse
    assert metrics[f"day_rmse/{chosen}"] == pytest.approx(rmse, abs=1e-4)
    assert (
        min(value for name, value in metrics.items() if name.startswith("day_rmse/"))
        <= metrics["chosen/day_rmse"] + 1e-4
    )
    view = json.loads(experiment.tags["mlflow.sharedViewState.day-ahead"])
    asked = [column for column in view["selectedColumns"] if column.startswith("metrics.")]
    assert {column.split("`")[1] for column in asked} <= set(metrics)


def test_the_data_of_a_run_are_named_by_their_digest(run_project: Project, tracking: str) -> None:
    client = mlflow.MlflowClient(run_project.tracking_uri)
    experiment = client.get_experiment_by_name("temperature")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    tags = run.data.tags

    inputs = {entry.tags[0].value: entry.dataset for entry in run.inputs.dataset_inputs}

    assert set(inputs) == {"training", "history"}
    for context, tag in (("training", "triptych.data_sha256"), ("history", "triptych.snapshot")):
        dataset = inputs[context]
        assert dataset.digest == tags[tag][:36]  # MLflow's limit
        assert json.loads(dataset.profile)["sha256"] == tags[tag]
        manifest = json.loads(dataset.source)["uri"]
        assert manifest == f"data/snapshots/manifests/{tags['triptych.snapshot']}.json"
        columns = json.loads(dataset.schema)["mlflow_colspec"]
        assert [column["name"] for column in columns][:3] == ["location", "time", "temperature_2m"]
    rows = sum(
        chunk["rows"] for chunk in json.loads((run_project.path / manifest).read_text())["chunks"]
    )
    assert json.loads(inputs["history"].profile)["rows"] == rows


def test_a_run_that_fails_says_why_on_its_page(project: Project, tracking: str) -> None:
    command = ("run", "--env", "test", "--pipeline", "batch_inference")
    project.output(*command, "--params", "location=northmere", code=1)
    client = mlflow.MlflowClient(project.tracking_uri)
    (run,) = client.search_runs(["1"])
    assert run.info.status == "FAILED"
    assert run.info.run_name == "northmere · 2024-03-01 · batch_inference"
    assert run.data.tags["mlflow.note.content"].startswith("**Failed:** ")


def test_the_chosen_model_is_tested_against_one_whose_forecasts_differ() -> None:
    tests = pd.DataFrame(
        {
            "location": "all", "lead": "1-8", "model": "ensemble", "other": ["ensemble_all", "mos"],
            "difference": [0.0, 0.03], "low": [0.0, 0.01], "high": [0.0, 0.05],
            "p_value": [float("nan"), 0.02],
        }
    )  # fmt: skip
    summary = SummaryHook()
    summary.after_dataset_saved("paired_tests", tests)

    assert summary.lines() == [
        "ensemble against mos: +0.030 °C² of squared error saved a day "
        "(95 % interval +0.010 to +0.050; Diebold-Mariano p = 0.020)"
    ]
