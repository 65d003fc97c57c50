"""Recorded weather of three cities, served as the archive serves it, and one whole run on it."""

import json
import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests.acceptance.recorded_archive import RecordedArchive
from tests.fixtures.json_server import serve_json
from tests.fixtures.project import Project, make_project

# The whole horizon and its searches take twice as long: a shorter one checks the same goals with
# fewer years and the default hyperparameters, and writes no results.
WHOLE_HORIZON = 8
HORIZON_DAYS = int(os.environ.get("HORIZON_DAYS", WHOLE_HORIZON))
TRAIN_START = 2010 if HORIZON_DAYS == WHOLE_HORIZON else 2013
PERIODS = (
    f"as_of=2020-01-01,forecast.train_start={TRAIN_START}-01-01,"
    "forecast.validation_start=2017-01-01,"
    "forecast.test_start=2019-01-01,forecast.test_end=2019-12-31,location=paris;brest;berlin,"
    f"horizon_days={HORIZON_DAYS}"
)
if HORIZON_DAYS < WHOLE_HORIZON:
    PERIODS += ",statistical.trials=0,tuning.trials=0,tuning.feature_set_locations=0"


@dataclass(frozen=True)
class RecordedRun:
    """The main job on the recorded weather: its project, its archive, what it said."""

    project: Project
    archive: RecordedArchive
    url: str
    log: str
    peak_mb: float

    def kedro(self, *arguments: str) -> str:
        """Run a further command of the same project; it must succeed."""
        result = self.project.kedro(*arguments, timeout=1800, **services(self.url))
        assert result.returncode == 0, result.stdout
        return result.stdout

    @property
    def comparison(self) -> pd.DataFrame:
        """The table of errors on the test period."""
        file = self.project.path / "data" / "08_reporting" / "forecast_comparison.csv"
        return pd.read_csv(file, dtype={"lead": str})

    @property
    def chosen(self) -> str:
        """The model that was chosen on validation."""
        file = self.project.path / "data" / "06_models" / "chosen_model.json"
        return str(json.loads(file.read_text(encoding="utf-8")))


def services(url: str) -> dict[str, str]:
    """The environment in which one server answers as all services of Open-Meteo."""
    names = ("OPEN_METEO", "FORECAST", "HISTORICAL_FORECAST", "PREVIOUS_RUNS")
    return {f"TRIPTYCH_{name}_URL": url for name in names}


@pytest.fixture(scope="session")
def recorded_data() -> Path:
    """Give the folder of recorded data, or skip and say so."""
    folder = os.environ.get("TRIPTYCH_REAL_DATA")
    if not folder:
        pytest.skip("TRIPTYCH_REAL_DATA names no folder of recorded data")
    return Path(folder).resolve() / "open_meteo"


@pytest.fixture(scope="session")
def recorded_run(
    recorded_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RecordedRun]:
    """Ingest 2010-2019, train on what lies before 2019, test on every day of 2019."""
    archive = RecordedArchive(recorded_data)
    server = serve_json(archive.answer)
    url = f"http://127.0.0.1:{server.server_port}"
    project = make_project(tmp_path_factory.mktemp("recorded") / "project")
    result = project.kedro(
        "run", "--env", "live", "--params", PERIODS, timeout=1800,
        forked=False,  # a child of this process: its memory is measured
        **services(url),
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield RecordedRun(project, archive, url, result.stdout, peak_mb)
    server.shutdown()
    server.server_close()
