"""The report of a run and the threshold, by command: the old data stays, MLflow has the report."""

from pathlib import Path

import mlflow
import pandas as pd
import pytest
from sqlalchemy import text

from tests.fixtures.databases import dump_tables
from tests.fixtures.project import Project, copy_of

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
