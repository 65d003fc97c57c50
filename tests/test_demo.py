"""Runs all commands of docs/demo.md against a running API."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.api.tables import fill
from tests.fixtures.documents import read_blocks
from tests.fixtures.project import ROOT
from tests.fixtures.serving import serving
from triptych.store.engine import create_engine
from triptych.store.migrate import migrate

DEMO = ROOT / "docs" / "demo.md"
ROUTES = (
    "/version",
    "/health/live",
    "/health/ready",
    "/locations",
    "/models",
    "/predictions?",
    "/predictions/observed?",
    "/images/predictions?",
    "/texts/predictions?",
    "/metrics",
    "/openapi.json",
)


def play(commands: str, folder: Path) -> str:
    """Run the commands in a shell that stops at the first failure; return the output."""
    url = f"sqlite:///{folder / 'data' / 'triptych.db'}"
    engine = create_engine(url)
    migrate(engine)
    fill(engine)
    engine.dispose()
    with serving(url, folder / "log") as (address, _):
        talk = {"API": address, "PLACE": "paris", "DAY": "2019-07-11"}
        result = subprocess.run(
            ["bash", "-eu", "-c", commands],
            cwd=folder,
            env={**os.environ, **talk},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert result.returncode == 0, result.stderr
    return result.stdout


def assert_statuses(commands: str, printed: str) -> None:
    """Assert that the responses have the documented statuses."""
    said = re.findall(r"# (\d{3})$", commands, re.MULTILINE)
    assert said
    assert re.findall(r"^HTTP/1\.1 (\d{3})", printed, re.MULTILINE) == said


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return all commands of the page and their output."""
    commands = "".join(read_blocks(DEMO.read_text(encoding="utf-8")))
    return commands, play(commands, tmp_path_factory.mktemp("demo"))


def test_every_command_returns_the_documented_status(played: tuple[str, str]) -> None:
    assert_statuses(*played)


def test_another_status_is_detected(played: tuple[str, str]) -> None:
    commands, printed = played

    with pytest.raises(AssertionError):
        assert_statuses(commands.replace("# 503", "# 200"), printed)


def test_responses_contain_data(played: tuple[str, str]) -> None:
    _, printed = played

    for shown in (
        '"version":"0.0.0"',
        '"temperature_2m": 21.0',
        '"timezone": "Europe/Paris"',
        '"observed": 22.0',
        "paris,2019-07-11T00:00:00Z,1,21.0",
        '"probabilities": {',
        "texts-polarity",
        "Known: brest, paris, quimper",
        "retry-after: 10",
        'http_requests_total{method="GET",route="/predictions",status="503"}',
    ):
        assert shown in printed, shown


def test_every_route_is_demonstrated(played: tuple[str, str]) -> None:
    commands, _ = played

    for route in ROUTES:
        assert f"$API{route}" in commands
