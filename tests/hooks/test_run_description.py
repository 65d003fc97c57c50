"""What MLflow's pages tell of a run: of one that went through, of one that failed."""

import json
from typing import Any

import mlflow
import pandas as pd
import pytest
from sqlalchemy import select

from tests.fixtures.project import Project
from triptych.hooks.forecast_description import ForecastDescription
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
    return pd.DataFrame(rows)


def page(
    *pipelines: str, places: tuple[str, ...] = ("brest", "paris"), **more: Any
) -> ForecastDescription:
    return ForecastDescription(pipelines, {**PARAMETERS, **more}, places)


def test_a_name_says_what_came_out_where_and_when() -> None:
    told = page("__default__")
    assert told.name == "brest, paris · 2019-07-14 · main job"

    told.add("forecast_comparison", comparison("brest", "paris", ridge=1.5, sarimax=1.25))
    told.add("chosen_model", "ridge")

    assert told.name == "ridge 1.50 °C · brest, paris · 2019-07-14 · main job"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (page("ts_ml", "ts_evaluation"), "brest, paris · 2019-07-14 · ts_ml+ts_evaluation"),
        (page("ts_ml", places=tuple("abcd")), "4 locations · 2019-07-14 · ts_ml"),
        (page("ts_ml", as_of="2019-07-14T06:00"), "brest, paris · 2019-07-14 06:00 UTC · ts_ml"),
        (page("ts_ml", as_of="soon", places=()), "no location · soon · ts_ml"),
    ],
)
def test_a_name_is_readable_whatever_is_asked_for(told: ForecastDescription, name: str) -> None:
    assert told.name == name


def test_a_description_has_the_comparison_best_first() -> None:
    told = page("__default__")
    told.add("learned_comparison", comparison(ridge=9.0))  # that of all forecasters goes before it
    told.add("forecast_comparison", comparison("brest", "paris", ridge=1.5, sarimax=1.25))
    told.add("chosen_model", "ridge")
    told.add("monitoring_warnings", ["worse than climatology at paris"])
    told.registered = "temperature-brest-paris version 3"

    text = told.description()

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
    told = page("ts_ml", places=("paris",))
    told.add("learned_comparison", comparison("paris", ridge=1.5))

    assert "| ridge | 1.50 | 25.0% | 90.0% |" in told.description()
    assert "Chosen" not in told.description()


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
    result = project.kedro(
        "run", "--env", "test", "--pipeline", "batch_inference", "--params", "location=northmere"
    )

    assert result.returncode == 1
    client = mlflow.MlflowClient(project.tracking_uri)
    (run,) = client.search_runs(["1"])
    assert run.info.status == "FAILED"
    assert run.info.run_name == "northmere · 2024-03-01 · batch_inference"
    assert run.data.tags["mlflow.note.content"].startswith("**Failed:** ")
