"""Five different studies of recorded weather, each trained again from its record, bit for bit."""

from pathlib import Path

import pytest

from tests.acceptance.recorded_archive import RecordedArchive
from tests.fixtures.json_server import serve_json
from tests.fixtures.project import Project, make_project

pytestmark = pytest.mark.acceptance_reproduction

PERIODS = (
    "as_of=2019-01-01,forecast.train_start=2014-01-01,forecast.validation_start=2017-01-01,"
    "forecast.test_start=2018-01-01"
)
STUDIES = {
    "learned": ("ts_ml", "location=paris"),
    "statistical": ("ts_statistical", "location=paris"),
    "both families": ("ts_ml,ts_statistical,ts_evaluation", "location=berlin"),
    "two locations": ("ts_ml", "location=paris;brest"),
    "another seed": ("ts_ml", "location=paris,seed=7"),
}


def smaller(project: Project) -> None:
    """Every kind of model, each of a size that five studies and as many again can afford."""
    for family in ("ts_ml", "ts_statistical"):
        (project.path / "conf" / "live" / f"parameters_{family}.yml").unlink()


def test_five_studies_of_recorded_weather_reproduce(recorded_data: Path, tmp_path: Path) -> None:
    server = serve_json(RecordedArchive(recorded_data).answer)
    url = f"http://127.0.0.1:{server.server_port}"
    project = make_project(tmp_path / "project")
    smaller(project)
    for pipelines, choice in STUDIES.values():
        result = project.output(
            "run", "--env", "live", "--pipelines", f"ingestion,preprocessing,{pipelines}",
            "--params", f"{PERIODS},{choice}", timeout=1800, TRIPTYCH_OPEN_METEO_URL=url,
        )  # fmt: skip
    server.shutdown()
    server.server_close()

    result = project.output("reproduce", "--all", "--env", "live", timeout=3600)
    assert "5 of 5 training runs reproduce bit for bit (100%)." in result
