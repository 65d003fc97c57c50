"""The batch job by command while a location is silent: the others are forecast, it is marked."""

import json
from pathlib import Path

from sqlalchemy import text

from tests.api.conftest import open_client
from tests.fixtures.project import Project, copy_of

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
