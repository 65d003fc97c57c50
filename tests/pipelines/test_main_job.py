"""`kedro run` on the sample: what it says, what it leaves, and that it runs twice alike."""

import json
import re
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from sqlalchemy import text

from tests.fixtures.databases import dump_tables
from tests.fixtures.project import Project, copy_of
from tests.pipelines.hand_made import FrameRows
from triptych.forecasting.evaluation.tuning import TRIAL_COLUMNS
from triptych.forecasting.models.factory import STATISTICAL_NAMES
from triptych.forecasting.storage import digest, load_forecaster
from triptych.pipelines.ts_common.location_selection import add_nwp
from triptych.weather.variables import VARIABLES

MODELS = [
    "arima", "climatology", "ensemble", "ensemble_all", "kernel_ridge", "lightgbm", "mos",
    "nwp_debiased", "nwp_mean", "persistence", "random_forest", "ridge", "same_hour_yesterday",
    "sarima", "sarima_ridge", "sarimax",
]  # fmt: skip


@pytest.fixture
def copied(run_project: Project, tmp_path: Path) -> Project:
    """Give a copy of the project that has run, to be changed; its MLflow files stay behind."""
    return copy_of(run_project, tmp_path / "project")


def report(project: Project, name: str) -> pd.DataFrame:
    return pd.read_csv(project.path / f"data/08_reporting/{name}.csv", dtype={"lead": str})


def rows(project: Project, table: str) -> pd.DataFrame:
    engine = project.engine()
    frame = pd.read_sql_query(f"SELECT * FROM {table}", engine)  # noqa: S608
    engine.dispose()
    return frame


@pytest.fixture
def client(run_project: Project, tracking: str) -> mlflow.MlflowClient:
    """MLflow as the main job left it."""
    mlflow.set_tracking_uri(run_project.tracking_uri)
    return mlflow.MlflowClient()


@pytest.fixture
def run(client: mlflow.MlflowClient) -> mlflow.entities.Run:
    """The only run."""
    (experiment,) = [e for e in client.search_experiments() if e.name == "temperature"]
    (found,) = client.search_runs([experiment.experiment_id])
    return found


@pytest.fixture
def model(run_project: Project) -> dict[str, Any]:
    """The only row of the table `models`."""
    (row,) = rows(run_project, "models").to_dict("records")
    return row


def test_the_run_ends_with_a_summary(run_project: Project) -> None:
    said = [line[17:].rstrip() for line in (run_project.path / "run.log").read_text().splitlines()]
    end = said[next(n for n, line in enumerate(said) if line.startswith("Pipeline execution")) :]

    assert end[1] == (
        "Hours: 52,288 fetched, 4 rejected (table rejected_rows says why), 60 interpolated"
    )
    assert end.pop(2) == (
        "Missing: 324 hours in 49 periods, 0 of them are requested again by later runs "
        "(data/08_reporting/missing_weather.csv)"
    )
    gaps = [end.pop(2) for _ in range(3)]
    assert gaps[0] == "Missing: westhaven, 2023-05-19 to 2023-05-20, all variables: 25 hours, final"
    assert end.pop(2).startswith("Recent analyses: 2,880 rows of ecmwf_ifs025, 0 hours missing")
    assert "rows of gfs_global, icon_global, 0 hours missing" in end.pop(2)
    checks = "Validation: 192 checks of 8 answers, 4 rejected values or rows, 0 warned"
    assert end.pop(2).startswith(checks)
    assert end[2] == "Day-ahead RMSE (°C) on the test period, all models on the same targets:"
    assert end[3].split() == ["all", "northmere", "westhaven"]
    table, rest = end[4 : 4 + len(MODELS)], end[4 + len(MODELS) :]
    errors = {line.replace(" *", "").split()[0]: line.split()[-3:] for line in table}
    assert sorted(errors) == MODELS
    assert all(0.3 < float(error) < 6 for of_model in errors.values() for error in of_model)
    chosen = json.loads((run_project.path / "data/06_models/chosen_model.json").read_text())
    assert [line.split(" *")[0] for line in table if " *" in line] == [chosen]
    assert rest[0] == "* chosen on validation"
    assert re.fullmatch(
        rf"{chosen} against \w+: [+-]0\.\d{{3}} °C² of squared error saved a day \(95 % interval "
        r"[+-]\d\.\d{3} to [+-]\d\.\d{3}; Diebold-Mariano p = \d\.\d{3}\)",
        rest[1],
    )
    assert rest[2] == (
        "Predictions: 928 in the table predictions, issued 2024-03-01 00:00 UTC, and hindcasts of "
        "the 28 days before"
    )
    assert rest[3].startswith("Temperature (°C) of Saturday, 02 March 2024")
    assert rest[4].split() == [f"{hour:02}:00" for hour in range(0, 24, 3)]
    assert [line.split()[0] for line in rest[5:7]] == ["northmere", "westhaven"]
    assert rest[7].startswith("Dashboard and API: make api, http://127.0.0.1:8000")
    assert len(rest) == 8


def test_the_run_warns_of_nothing(run_project: Project) -> None:
    said = (run_project.path / "run.log").read_text()

    assert "WARNING" not in said
    assert "Warning:" not in said
    assert "INFO" in said


def test_the_tables_hold_the_weather(run_project: Project) -> None:
    hours = rows(run_project, "weather_hourly")
    assert len(hours) == 52_288
    assert set(hours["source"]) == {"sample"}
    assert hours["temperature_2m"].dropna().between(-60, 55).all()
    rejected = rows(run_project, "rejected_rows")
    assert len(rejected) == 4
    assert hours[list(VARIABLES)].isna().sum().sum() == 4
    assert rejected["variable"].notna().all()
    steps = rows(run_project, "weather_3h")
    assert len(steps) == 17_536  # 1,096 days of 8 steps for each of 2 locations
    assert steps["hours_interpolated"].sum() == 60
    periods = rows(run_project, "ingested_periods")
    assert len(periods) == 8
    assert periods["rows"].sum() == 52_288


def test_the_tables_hold_the_forecast(run_project: Project, model: dict[str, Any]) -> None:
    predictions = rows(run_project, "predictions")
    assert set(predictions["model_id"]) == {model["model_id"]}
    by_forecast = predictions.groupby(["location", "as_of"])["lead"].unique().map(list)
    assert len(by_forecast) == 2 * 29  # that of as_of, and hindcasts of four weeks
    assert all(leads == list(range(1, 17)) for leads in by_forecast)
    assert predictions[["climatology", "nwp_mean"]].notna().all().all()
    assert (predictions["lower"] < predictions["temperature_2m"]).all()
    assert (predictions["upper"] > predictions["temperature_2m"]).all()
    inputs = rows(run_project, "prediction_inputs")
    assert inputs["location"].tolist() == ["northmere", "westhaven"]
    for values in inputs["inputs"]:
        assert "NaN" not in values
        assert set(json.loads(values)) <= set(json.loads(model["features"]))


def test_the_row_of_the_model_says_where_it_comes_from(
    run_project: Project, model: dict[str, Any], run: mlflow.entities.Run
) -> None:
    assert (model["name"], model["version"]) == ("temperature-northmere-westhaven", 1)
    assert (model["stage"], model["approved_by"]) == ("production", "kedro run")
    (change,) = rows(run_project, "model_transitions").to_dict("records")
    assert (change["from_stage"], change["to_stage"]) == ("candidate", "production")
    why = "first version of its name; beats the baselines"
    assert (change["who"], change["why"], bool(change["forced"])) == ("kedro run", why, False)
    assert json.loads(model["locations"]) == ["northmere", "westhaven"]
    assert str(model["train_start"]).startswith("2021-03-01")
    assert str(model["evaluated_train_end"]).startswith("2023-03-01")
    assert str(model["train_end"]).startswith("2024-03-01")  # of the refit
    assert set(json.loads(model["metrics"])) == {"all", "northmere", "westhaven"}
    assert model["git_commit"] == "unknown"  # this copy of the project is no repository
    assert len(model["data_sha256"]) == 64
    assert model["mlflow_run_id"] == run.info.run_id


def test_the_comparison_has_the_agreed_columns(run_project: Project) -> None:
    table = report(run_project, "forecast_comparison")
    assert ",".join(table.columns) == (
        "location,model,data_age,lead,n,rmse,mae,bias,mase,skill_day,skill_climatology,coverage,"
        "width,interval_score,pinball"
    )
    assert sorted(table["model"].unique()) == MODELS
    assert set(table["location"]) == {"all", "northmere", "westhaven"}
    assert set(table["lead"]) == {*map(str, range(1, 17)), "1-8", "9-16", "all"}
    assert not table.isna().any().any()
    assert set(table["data_age"]) == {0, 144}
    same = table.groupby(["location", "data_age", "lead"])["n"].nunique()
    assert (same == 1).all()  # every model on the same targets


def test_one_run_is_tracked_with_its_parameters_and_tags(
    run: mlflow.entities.Run, model: dict[str, Any]
) -> None:
    parameters = {
        "seed": "20",
        "as_of": "2024-03-01",
        "forecast.train_years": "1",
        "forecast.data_ages": "[0, 144]",
        "tuning.trials": "1",
        "preprocessing.interpolation_limit_hours": "6",
        "models.learned.random_forest.trees": "5",
        "models": "ModelParameters",  # its fields alone say what differs between runs
    }
    tags = {name: model[name] for name in ("model_id", "data_sha256", "algorithm")} | {
        "git_commit": "unknown",
        "as_of": "2024-03-01T00:00:00+00:00",
        "locations": "northmere;westhaven",
    }

    assert run.info.status == "FINISHED"
    assert {name: run.data.params[name] for name in parameters} == parameters
    assert {name: run.data.tags[f"triptych.{name}"] for name in tags} == tags


def test_metrics_are_tracked_by_lead(
    client: mlflow.MlflowClient, run: mlflow.entities.Run, run_project: Project
) -> None:
    table = report(run_project, "forecast_comparison")
    table = table[table["data_age"] == 0].set_index(["model", "location", "lead"])

    history = client.get_metric_history(run.info.run_id, "ridge.northmere.rmse")

    assert [metric.step for metric in history] == list(range(1, 17))
    assert [metric.value for metric in history] == pytest.approx(
        [table.loc[("ridge", "northmere", str(lead)), "rmse"] for lead in range(1, 17)]
    )
    other = ("tuning.", "chosen/", "day_rmse/", "features.", "live.")
    by_lead = [name for name in run.data.metrics if not name.startswith(other)]
    assert len(by_lead) == len(MODELS) * 3 * 3  # models, locations and all, errors
    day = {name for name in run.data.metrics if name.startswith("day_rmse/")}
    assert day == {f"day_rmse/{model}" for model in MODELS}


@pytest.mark.parametrize(
    ("name", "models"),
    [("tuning_trials", ["kernel_ridge", "ridge"]), ("order_trials", sorted(STATISTICAL_NAMES))],
)
def test_every_trial_is_tracked_with_its_number_as_step(
    client: mlflow.MlflowClient,
    run: mlflow.entities.Run,
    run_project: Project,
    name: str,
    models: list[str],
) -> None:
    table = report(run_project, name)
    assert tuple(table.columns) == TRIAL_COLUMNS
    assert sorted(table["model"].unique()) == models
    for model, tried in table.groupby("model"):
        history = client.get_metric_history(run.info.run_id, f"tuning.{model}.rmse")
        assert [metric.step for metric in history] == tried["number"].tolist()
        assert [metric.value for metric in history] == pytest.approx(tried["value"].tolist())


def test_plots_and_tables_are_artifacts(
    client: mlflow.MlflowClient, run: mlflow.entities.Run
) -> None:
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert names == {
        "error_by_lead.png", "error_by_time.png", "error_by_time.csv", "paired_tests.csv",
        "learned_comparison.csv", "forecast.png", "importance.png", "forecast_comparison.csv",
        "validation_comparison.csv", "tuning_trials.csv", "tuned_parameters.json",
        "statistical_comparison.csv", "statistical_processes.csv", "order_trials.csv",
        "statistical_parameters.json", "validation_report.csv", "monitoring_scores.csv",
        "forecast_status.csv", "missing_weather.csv", "model_report.csv",
        "input_drift.csv", "monitoring_warnings.json", "issued_errors.png", "issued_coverage.png",
        "input_drift.png", "residual_summary.csv", "residuals_by_time.csv", "residual_by_time.png",
        "residual_autocorrelation.png", "residual_distribution.png", "heteroscedasticity.png",
        "feature_set_comparison.csv", "feature_set.png", "provenance.json",
        "innovation_tests.csv", "innovation_autocorrelations.csv",
    }  # fmt: skip
    plot = Path(client.download_artifacts(run.info.run_id, "error_by_lead.png"))
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_the_logged_model_says_what_it_takes_and_needs(
    run: mlflow.entities.Run, model: dict[str, Any]
) -> None:
    info = mlflow.models.get_model_info(model["model_uri"])

    assert info.run_id == run.info.run_id
    taken = info.signature.inputs.input_names()
    assert taken[:3] == ["location", "time", "temperature_2m"]
    assert info.signature.outputs.input_names() == ["location", "time", "mean", "lower", "upper"]
    assert [(p.name, p.default) for p in info.signature.params] == [("steps", 8)]
    folder = Path(mlflow.artifacts.download_artifacts(model["model_uri"]))
    assert (folder / "input_example.json").stat().st_size > 1000
    needs = (folder / "requirements.txt").read_text().split()
    assert [line.split("==")[0] for line in needs] == [
        "lightgbm", "mlflow", "numpy", "pandas", "scikit-learn", "triptych",
    ]  # fmt: skip
    assert all(line.count("==") == 1 for line in needs)
    assert digest(folder / "artifacts" / "forecaster") == model["model_id"]


@pytest.mark.usefixtures("client")
def test_the_logged_model_predicts_what_the_forecaster_does(
    run_project: Project, model: dict[str, Any]
) -> None:
    folder = Path(mlflow.artifacts.download_artifacts(model["model_uri"]))
    history = pd.read_parquet(run_project.path / "data" / "05_model_input" / "history.parquet")
    known = history[history["time"] >= pd.Timestamp("2024-01-01", tz="UTC")]
    forecasts = rows(run_project, "nwp_forecasts")
    forecasts["time"] = pd.to_datetime(forecasts["time"], utc=True)
    known = known[[name for name in known if not name.startswith("nwp_")]]
    end = pd.Timestamp("2024-03-03", tz="UTC")
    known = add_nwp(known, FrameRows(forecasts), ["gfs_global", "icon_global"], end)

    served = mlflow.pyfunc.load_model(model["model_uri"]).predict(
        known.assign(time=known["time"].dt.tz_localize(None)), params={"steps": 16}
    )

    origin = pd.DatetimeIndex(["2024-03-01"], tz="UTC")
    own = load_forecaster(folder / "artifacts" / "forecaster").predict(known, origin, range(1, 17))
    assert served["mean"].tolist() == own["mean"].tolist()
    assert served["lower"].tolist() == own["lower"].tolist()
    published = rows(run_project, "predictions").sort_values(["location", "time"])
    published = published[published["as_of"] == published["as_of"].max()]
    assert served["mean"].round(2).tolist() == published["temperature_2m"].tolist()


def test_a_second_run_fetches_and_changes_nothing(copied: Project) -> None:
    """Without the fits: tests/registry/reproduction repeats them bit for bit."""
    before = dump(copied)
    comparison = copied.path / "data" / "08_reporting" / "forecast_comparison.csv"
    table = comparison.read_text()
    comparison.unlink()

    pipelines = "ingestion,preprocessing,ts_evaluation,batch_inference,monitoring"
    ends = (  # all but plots, which need the forecasts of every model
        "average_steps,compare_models,prepare_candidate,refuse_incomplete,score_predictions,"
        "refuse_warnings"
    )
    result = copied.output("run", "--env", "test", "--pipelines", pipelines, "--to-nodes", ends)
    assert "nothing is requested" in result
    assert "hours (1 of" not in result
    assert "Hours: 0 fetched, 0 rejected" in result
    assert "Validation: nothing new to check" in result
    assert "temperature-northmere-westhaven version 1 is this very model" in result
    written = [line for line in result.splitlines() if " written" in line]
    assert written
    assert all(line.endswith(", 0 written") for line in written)
    assert dump(copied) == before
    assert comparison.read_text() == table


def test_batch_inference_alone_with_parameters(copied: Project) -> None:
    before = dump(copied)

    result = copied.output(
        "run", "--env", "test", "--pipeline", "batch_inference",
        "--params", "as_of=2023-07-14,horizon_days=1,location=westhaven",
    )  # fmt: skip
    assert "Predictions: 8 in the table predictions, issued 2023-07-14" in result
    after = rows(copied, "predictions")
    new = after[after["as_of"].astype(str).str.startswith("2023-07-14")]
    assert new["lead"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len(after) == len(before["predictions"]) + 8
    now = dump(copied)
    assert {name for name in now if now[name] != before[name]} == {
        "predictions", "prediction_inputs",
    }  # fmt: skip
    assert set(before["predictions"]) < set(now["predictions"])


def dump(project: Project) -> dict[str, list[tuple[object, ...]]]:
    engine = project.engine()
    tables = dump_tables(engine)
    engine.dispose()
    return tables


INGEST = ("run", "--env", "test", "--pipeline", "ingestion")


def read_report(project: Project) -> pd.DataFrame:
    return pd.read_csv(project.path / "data" / "08_reporting" / "validation_report.csv")


def test_the_report_of_the_main_job(run_project: Project) -> None:
    report = read_report(run_project)

    assert report.groupby(["location", "start"]).ngroups == 8
    assert report["rule"].ne("rejected_share").sum() == 8 * 23
    whole = report[report["rule"] == "rejected_share"]
    assert (whole["checked"].sum(), whole["failed"].sum()) == (52_288, 0)
    assert report.loc[report["level"] == "reject", "failed"].sum() == 4
    assert set(report["verdict"]) == {"ok", "reject"}


def artifacts() -> set[str]:
    """The files of the newest run."""
    client = mlflow.MlflowClient()
    (experiment,) = [e for e in client.search_experiments() if e.name == "temperature"]
    newest, *_ = client.search_runs([experiment.experiment_id])
    return {file.path for file in client.list_artifacts(newest.info.run_id)}


@pytest.mark.usefixtures("tracking")
def test_too_many_rejected_temperatures_stop_and_the_old_data_stays(
    run_project: Project, tmp_path: Path
) -> None:
    """Westhaven 2022 is asked for again; one of its temperatures is impossible."""
    project = copy_of(run_project, tmp_path / "project")
    engine = project.engine()
    with engine.begin() as connection:
        connection.execute(
            text("DELETE FROM ingested_periods WHERE location = 'westhaven' AND start LIKE '2022%'")
        )
        connection.execute(text("UPDATE weather_hourly SET temperature_2m = 1.25"))
        connection.execute(text("DELETE FROM rejected_rows"))
    before = dump_tables(engine)

    stopped = project.output(*INGEST, "--params", "ingestion.max_rejected_share=0.0001", code=1)
    last = stopped.rstrip().splitlines()[-1]
    assert last.startswith(
        "Error: Westhaven (synthetic), 2022-01-01 to 2023-01-01, values of temperature_2m that "
        "break a rule: 1 of 8,"
    )
    assert "rejected (0.01 %), at most 0 allowed (ingestion.max_rejected_share)." in last
    after = dump_tables(engine)
    assert {t: rows for t, rows in after.items() if t != "rejected_rows"} == {
        t: rows for t, rows in before.items() if t != "rejected_rows"
    }
    assert len(after["rejected_rows"]) == 1
    assert (read_report(project)["verdict"] == "stop").sum() == 1
    mlflow.set_tracking_uri(project.tracking_uri)
    assert "validation_report.csv" in artifacts()

    project.output(*INGEST)
    assert len(dump_tables(engine)["ingested_periods"]) == 8
    assert len(dump_tables(engine)["rejected_rows"]) == 1  # the same row is refused once
    engine.dispose()
