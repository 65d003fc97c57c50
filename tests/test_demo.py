"""Runs all commands of docs/demo.md, and those of the README, against a running API."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.api.tables import fill
from tests.fixtures.documents import read_blocks, read_commands
from tests.fixtures.project import ROOT
from tests.fixtures.serving import serving
from triptych.store.engine import create_engine
from triptych.store.migrate import migrate

COMMANDS = "".join(read_blocks((ROOT / "docs" / "demo.md").read_text(encoding="utf-8")))
ROUTES = (
    "/version", "/health/live", "/health/ready", "/locations", "/models", "/predictions?",
    "/predictions/observed?", "/images/predictions?", "/texts/predictions?", "/metrics",
    "/openapi.json",
)  # fmt: skip


Shell = Callable[[str], str]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Yield a function that runs commands in a shell, which stops at the first failure."""
    folder = tmp_path_factory.mktemp("demo")
    url = f"sqlite:///{folder / 'data' / 'triptych.db'}"
    engine = create_engine(url)
    migrate(engine)
    fill(engine)
    engine.dispose()
    with serving(url, folder / "log") as (address, _):
        variables = {"API": address, "PLACE": "paris", "DAY": "2019-07-11"}

        def run(commands: str) -> str:
            result = subprocess.run(
                ["bash", "-eu", "-c", commands.replace("http://127.0.0.1:8000", address)],
                cwd=folder,
                env={**os.environ, **variables},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert result.returncode == 0, result.stderr
            return result.stdout

        yield run


@pytest.fixture(scope="module")
def output(shell: Shell) -> str:
    """Return the output of all commands of the demonstration."""
    return shell(COMMANDS)


def assert_statuses(commands: str, printed: str) -> None:
    """Assert that the responses have the documented statuses."""
    documented = re.findall(r"# (\d{3})$", commands, re.MULTILINE)
    assert documented
    assert re.findall(r"^HTTP/1\.1 (\d{3})", printed, re.MULTILINE) == documented


def test_every_command_returns_the_documented_status(output: str) -> None:
    assert_statuses(COMMANDS, output)
    with pytest.raises(AssertionError):
        assert_statuses(COMMANDS.replace("# 503", "# 200"), output)


@pytest.mark.parametrize(
    "text",
    [
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
    ],
)
def test_responses_contain_data(output: str, text: str) -> None:
    assert text in output


def test_the_commands_of_the_readme_return_data(shell: Shell) -> None:
    written = read_commands(ROOT / "README.md", "The API")
    for day in ("$(date -u +%F)", "2026-11-20", "2026-11-26"):
        written = written.replace(day, "2019-07-11")
    commands = re.sub(r"\baja(ccio)?\b", "paris", written).replace("curl", "curl --fail -sS")

    outputs = [shell(command) for command in commands.splitlines()]

    assert len(outputs) == 5
    assert all("paris" in text for text in outputs[:4])
    assert outputs[4].startswith("item,model_id,")


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_demonstrated(route: str) -> None:
    assert f"$API{route}" in COMMANDS
