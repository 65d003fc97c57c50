"""Batch inference and monitoring by command: silent locations, hindcasts, a strict end."""

import json
from pathlib import Path

import pandas as pd
from sqlalchemy import text

from tests.api.conftest import open_client
from tests.fixtures.databases import dump_tables
from tests.fixtures.project import Project, copy_of

ROUNDING = 0.005  # °C: predictions are stored to two digits, so no mean moves by more
LIVE = "temperature-northmere-westhaven version 1 (production)"


def report(project: Project, name: str) -> pd.DataFrame:
    return pd.read_csv(project.path / "data" / "08_reporting" / name, dtype={"lead": str})


def heat(project: Project, degrees: float) -> None:
    """Plant a bad model: all that was issued is too warm."""
    columns = ", ".join(
        f"{name} = {name} + {degrees}" for name in ("temperature_2m", "lower", "upper")
    )
    engine = project.engine()
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE predictions SET {columns}"))  # noqa: S608
    engine.dispose()


def fixed_coverage(project: Project, model: str) -> "pd.Series[float]":
    """Coverage of the study's test period without the scale of recent errors, by location and lead.

    A fitted model has one scale, of its last weeks; in the study it follows the test period.
    """
    rows = pd.read_parquet(project.path / "data" / "07_model_output" / "test_forecasts.parquet")
    rows = rows[(rows["model"] == model) & rows["observed"].notna()]
    half = (rows["upper"] - rows["lower"]) / 2 / rows["scale"]
    rows = rows.assign(held=(rows["mean"] - rows["observed"]).abs() <= half)
    parts = [
        rows.assign(lead=rows["lead"].astype(str)),
        rows[rows["lead"] <= 8].assign(lead="1-8"),
        rows[rows["lead"].between(9, 16)].assign(lead="9-16"),
        rows.assign(lead="all"),
    ]
    return pd.concat(parts).groupby(["location", "lead"])["held"].mean()


def test_hindcasts_are_judged_as_the_backtest_was_until_they_fail(
    run_project: Project, tmp_path: Path
) -> None:
    project = copy_of(run_project, tmp_path / "project")
    backfill = ("run", "--env", "test", "--pipeline", "batch_inference", "--params")
    project.output(*backfill, "batch_inference.since=2023-03-01")

    project.output("monitor", "--env", "test", "--params", "monitoring.window_days=[all]")
    chosen = json.loads((project.path / "data/06_models/chosen_model.json").read_text())
    table = report(project, "forecast_comparison.csv")
    at_midnight = (table["model"] == chosen) & (table["data_age"] == 0)
    expected = table[at_midnight].set_index(["location", "lead"])
    scores = report(project, "monitoring_scores.csv").set_index(["location", "lead"])
    assert len(scores) == 2 * (16 + 3)
    both = scores.merge(expected, left_index=True, right_index=True, suffixes=("", "_study"))
    assert len(both) == len(scores)
    assert (both["n"] == both["n_study"]).all()
    for column in ("rmse", "mae", "bias"):
        assert (both[column] - both[f"{column}_study"]).abs().max() < ROUNDING
    for column in ("skill_day", "skill_climatology"):
        assert (both[column] - both[f"{column}_study"]).abs().max() < 0.01
    assert (scores["coverage"] - fixed_coverage(project, chosen)).abs().max() < 0.01

    heat(project, 9.0)
    strict = project.output("monitor", "--env", "test", "--strict", code=1)
    said = " ".join(strict.split())
    assert "Error: Monitoring is strict, and the forecasts do not hold: northmere:" in said
    assert f"westhaven: {LIVE} does worse than persistence" in said
    assert "its 90% intervals held" in said
    written = report(project, "monitoring_scores.csv")
    assert set(written["window"]) == {"30d", "90d", "all"}
    engine = project.engine()
    assert len(dump_tables(engine)["forecast_scores"]) == len(written)
    engine.dispose()


DAY = {"date": "2024-03-01"}
RUN = ("run", "--env", "test", "--pipeline", "batch_inference")


def silence(project: Project, location: str, since: str) -> None:
    engine = project.engine()
    where = "location = :location AND time >= :since"
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM predictions"))
        for table in ("weather_hourly", "weather_recent", "nwp_forecasts"):
            connection.execute(
                text(f"DELETE FROM {table} WHERE {where}"),  # noqa: S608
                {"location": location, "since": since},
            )
    engine.dispose()


def test_a_silent_location_gets_climatology_and_can_end_the_run(
    run_project: Project, tmp_path: Path
) -> None:
    project = copy_of(run_project, tmp_path / "project")
    silence(project, "westhaven", "2024-02-05T00:00:00Z")

    failed = project.kedro(*RUN, "--params", "batch_inference.on_missing=fail")

    said = "westhaven: climatology for 16 of 16 steps. The data end at 2024-02-05 00:00 UTC, 600 h"
    assert f"WARNING {said}" in " ".join(failed.stdout.split())
    assert failed.returncode == 1
    assert "Traceback" not in failed.stdout
    assert "Error: Not every location has a forecast of its model. westhaven:" in failed.stdout
    with open_client(project.database_url) as client:
        answers = {
            slug: client.get("/predictions", params={**DAY, "location": slug}).json()
            for slug in ("northmere", "westhaven")
        }
    methods = {slug: {step["method"] for step in found["data"]} for slug, found in answers.items()}
    assert methods == {"northmere": {"model"}, "westhaven": {"climatology"}}, json.dumps(answers)
    ages = {slug: found["forecasts"][0]["data_age"] for slug, found in answers.items()}
    assert ages == {"northmere": 0, "westhaven": 600}
