"""A model's life, by command: trained, promoted, replaced by a worse one that monitoring warns of,
brought back.

One API looks on through the whole story and is never started again.
"""

import re
import shutil
from pathlib import Path
from typing import Any

import mlflow
import pytest

from tests.api.conftest import open_client
from tests.fixtures.databases import dump_tables
from tests.fixtures.project import Project, copy_of

NAME = "temperature-northmere-westhaven"
ADA = ("--by", "Ada", "--reason", "the story needs it")
SINCE = "batch_inference.since=2024-01-01"  # two months of forecasts, to be judged at once
# 20 rows of a single tree: it knows little more than the season
CRIPPLED = {
    "ts_ml": """
models:
  learned:
    ridge: null
    kernel_ridge: null
    lightgbm: null
    nwp_mean: null
    nwp_debiased: null
    mos: null
    random_forest: { trees: 1, max_rows: 20, threads: 1 }
tuning: { trials: 0, models: [] }
""",
    "ts_statistical": "statistical:\n"
    "  models: { arima: null, sarima: null, sarimax: null, sarima_ridge: null }\n",
}


def model(project: Project, *arguments: str, code: int = 0, **variables: str) -> str:
    """Run `kedro model`, and give what it says."""
    result = project.kedro("model", *arguments, **variables)
    assert result.returncode == code, result.stdout
    assert "Traceback" not in result.stdout
    return result.stdout


def run(project: Project, *arguments: str) -> str:
    return project.output("run", "--env", "test", *arguments)


def served(client: Any) -> tuple[dict[str, tuple[int, str]], list[float]]:
    """What the API says of 1 March 2024: version and stage by location, the temperatures."""
    answer = client.get("/predictions", params={"date": "2024-03-01"}).json()
    by_place = {
        each["location"]: (each["model"]["version"], each["model"]["stage"])
        for each in answer["forecasts"]
    }
    return by_place, [step["temperature_2m"] for step in answer["data"]]


def both(version: int, stage: str = "production") -> dict[str, tuple[int, str]]:
    return dict.fromkeys(("northmere", "westhaven"), (version, stage))


def test_the_life_of_two_versions(run_project: Project, tmp_path: Path) -> None:
    project = copy_of(run_project, tmp_path / "project")
    with open_client(project.database_url) as client:
        by_place, first_forecast = served(client)
        assert by_place == both(1)
        assert len(first_forecast) == 16

        train_a_worse_one(project)
        compared(project)

        assert served(client) == (both(1), first_forecast)
        stages = {each["version"]: each["stage"] for each in client.get("/models").json()["data"]}
        assert stages == {1: "production", 2: "candidate"}

        refusal = model(project, "promote", NAME, "2", *ADA, code=1)
        said = re.search(
            r"^Error: .* version 2 is not promoted: day-ahead RMSE of version 2 ([\d.]+) °C, of "
            r"version 1 \(in production\) ([\d.]+) °C, on the same ([\d,]+) targets of 2023-03-01 "
            r"to 2024-02-29 that neither was trained on \(northmere .*, westhaven .*\); squared "
            r"error saved a day: -[\d.]+ °C² \(.* Diebold-Mariano p = .*, 366 days\)\. The "
            r"candidate is not more accurate\. Nothing was changed\. Train a better model .* "
            r"--force",
            refusal,
            flags=re.MULTILINE,
        )
        assert said, refusal
        assert float(said[1]) > float(said[2])
        assert 5000 < int(said[3].replace(",", "")) <= 2 * 366 * 8
        assert served(client) == (both(1), first_forecast)

        promoted = model(project, "promote", NAME, "2", *ADA, "--force")
        assert f"{NAME} version 2 is in production, approved by Ada." in promoted
        # it has not forecast anything yet: what the other left behind answers meanwhile
        assert served(client) == (both(1, "archived"), first_forecast)

        run(project, "--pipeline", "batch_inference", "--params", SINCE)
        by_place, second_forecast = served(client)
        assert by_place == both(2)
        assert second_forecast != first_forecast
        monitored = project.output("monitor", "--env", "test", "--strict", code=1)
        assert "worse than" in monitored

        back = model(project, "rollback", NAME, *ADA)
        assert f"{NAME} version 1 is in production again, approved by Ada." in back
        assert served(client) == (both(1), first_forecast)

        assert "predictions: 32 rows given, 0 written" in run(
            project, "--pipeline", "batch_inference"
        )
        assert served(client) == (both(1), first_forecast)

    told(project)


def train_a_worse_one(project: Project) -> None:
    for family, settings in CRIPPLED.items():
        (project.path / "conf" / "test" / f"parameters_{family}.yml").write_text(settings)
    said = run(
        project, "--pipelines", "ts_ml,ts_statistical,ts_evaluation,batch_inference",
        "--to-nodes", "prepare_candidate,refuse_incomplete",
    )  # fmt: skip
    assert f"{NAME} version 2 registered" in said
    assert re.search(rf"{NAME} version 1 \(production\), .* forecasts northmere, westhaven", said)
    assert "predictions: 32 rows given, 0 written" in said


def compared(project: Project) -> None:
    """What differs between the two trainings on MLflow's page Compare."""
    client = mlflow.MlflowClient(project.tracking_uri)
    experiment = client.get_experiment_by_name("temperature")
    assert experiment is not None
    second, first = (run.data for run in client.search_runs([experiment.experiment_id]))
    forest = "models.learned.random_forest"
    assert differing(first.params, second.params) == {
        f"{forest}.trees", f"{forest}.max_rows", "tuning.trials", "tuning.models",
    }  # fmt: skip
    metrics = differing(first.metrics, second.metrics)
    models = {re.sub(r"day_rmse/|/.*|\..*", "", name) for name in metrics}
    assert models == {"chosen", "random_forest", "ensemble", "ensemble_all"}
    assert {"chosen/day_rmse", "day_rmse/random_forest", "random_forest.northmere.mae"} <= metrics


def differing(first: dict[str, Any], second: dict[str, Any]) -> set[str]:
    return {name for name in first.keys() & second.keys() if first[name] != second[name]}


def told(project: Project) -> None:
    """What the commands say at the end of the story."""
    listed = model(project, "list").splitlines()
    head, first, second = (re.split(r"\s{2,}", line) for line in listed)
    assert head == [
        "name", "version", "algorithm", "stage", "day-ahead RMSE (°C)", "trained until",
        "approved by",
    ]  # fmt: skip
    assert (first[0], first[1], first[3], first[5:]) == (
        NAME, "1", "production", ["2024-03-01", "Ada"],
    )  # fmt: skip
    assert re.fullmatch(r"northmere \d\.\d\d, westhaven \d\.\d\d", first[4])
    assert second[3] == "archived"
    shown = model(project, "show", NAME, "2")
    assert re.search(r"candidate -> production +promote \(forced\) +by Ada +the story needs", shown)
    assert re.search(r"production -> archived +rollback +by Ada", shown)
    assert re.search(r"^data_sha256 +[0-9a-f]{64}$", shown, flags=re.MULTILINE)
    assert "nothing to go back to" in model(project, "rollback", NAME, *ADA, code=1)
    assert "matches the database" in model(project, "check")


def test_mlflow_away_changes_nothing_and_says_so(run_project: Project, tmp_path: Path) -> None:
    project = copy_of(run_project, tmp_path / "project")
    engine = project.engine()
    before = dump_tables(engine)

    said = model(
        project, "reject", NAME, "1", *ADA, code=1, MLFLOW_TRACKING_URI="http://127.0.0.1:9"
    )

    assert "Error: MLflow's registry does not answer, so nothing was changed" in said
    assert dump_tables(engine) == before
    engine.dispose()


def test_sync_restores_a_lost_registry(run_project: Project, tmp_path: Path) -> None:
    project = copy_of(run_project, tmp_path / "project")
    client = mlflow.MlflowClient(project.tracking_uri)
    client.delete_registered_model(NAME)

    shown = model(project, "check", code=1)
    assert f"{NAME}: MLflow has no registered model of this name" in shown
    assert f"{NAME}: version 1 is not in MLflow" in shown
    assert "Error: 3 differences. Update MLflow with: kedro model sync." in shown
    assert "Differences fixed: 3." in model(project, "sync")
    assert "matches the database" in model(project, "check")
    assert str(client.get_model_version_by_alias(NAME, "production").version) == "1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("promote", NAME, "1", "--by", "Ada"), "Missing option '--reason'"),
        (("reject", NAME, "1", "--reason", "old"), "Missing option '--by'"),
        (("rollback", NAME, "--by", " ", "--reason", "x"), "must not be empty"),
    ],
)
def test_a_change_without_a_name_and_a_reason_is_refused(
    project: Project, arguments: tuple[str, ...], message: str
) -> None:
    shutil.rmtree(project.path / "data")

    assert message in model(project, *arguments, code=2)
    assert not (project.path / "data").exists()


def test_with_nothing_in_production_the_batch_job_says_how_to_promote(
    run_project: Project, tmp_path: Path
) -> None:
    project = copy_of(run_project, tmp_path / "project")
    assert "No version of" in model(project, "reject", NAME, "1", *ADA)

    result = project.output("run", "--env", "test", "--pipeline", "batch_inference", code=1)
    assert f"Promote one: kedro model promote {NAME} 1 --by YOUR-NAME --reason WHY" in result
