"""`make api`, `make viz` and `make mlflow` listen on PORT, and report a port in use."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.project import ROOT
from tests.fixtures.serving import wait_until_it_answers
from tests.test_documented_commands import parse

DEFAULTS = {"api": 8000, "viz": 4141, "mlflow": 5001}
BIN = Path(sys.executable).parent


def command(*arguments: str) -> list[str]:
    """Return a command of make that uses this Python and never installs requirements."""
    return ["make", "--old-file=.venv/.ready", f"BIN={BIN}", *arguments]


def environment(**variables: str) -> dict[str, str]:
    """Return the environment without PORT and the options of a make that runs the tests."""
    inherited = {name: value for name, value in os.environ.items() if name != "PORT"}
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        inherited.pop(name, None)
    return {**inherited, **variables}


def make(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=ROOT, env=environment(**variables), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip


def recipe(target: str, *arguments: str, **variables: str) -> tuple[str, str]:
    """Return what a target runs: the check of the port, and the server."""
    printed = make("--dry-run", target, *arguments, **variables)
    check, server = printed.stdout.rstrip().rsplit("\n", 1)
    assert check.startswith(f"{BIN}/python -c ")  # nothing is installed before
    return check, server


@pytest.fixture
def taken() -> Iterator[int]:
    """Return a port that a server listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def suggested(target: str, taken: int) -> list[str]:
    """Return the arguments of the command that a target shows if its port is in use."""
    stopped = make(target, f"PORT={taken}")
    pattern = rf"^Port {taken} is in use\. Choose another: make (.*)$"
    found = re.search(pattern, stopped.stderr, re.MULTILINE)
    assert found, stopped
    assert stopped.returncode
    return shlex.split(found[1])


@pytest.mark.parametrize("target", DEFAULTS)
def test_a_port_in_use_is_reported_with_one_that_is_free(target: str, taken: int) -> None:
    shown = suggested(target, taken)

    check, _ = recipe(*shown)
    assert shown[0] == target
    assert shown[1] != f"PORT={taken}"
    subprocess.run(["sh", "-c", check], cwd=ROOT, check=True)


def test_the_command_shown_starts_the_api(taken: int, tmp_path: Path) -> None:
    shown, log = suggested("api", taken), tmp_path / "log"
    port = shown[1].removeprefix("PORT=")
    variables = environment(TRIPTYCH_DATABASE_URL=f"sqlite:///{tmp_path}/triptych.db")
    with log.open("w") as output:
        process = subprocess.Popen(
            command(*shown), cwd=ROOT, env=variables, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/health/live", process, log)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize(("target", "default"), DEFAULTS.items())
def test_each_server_gets_the_port(target: str, default: int) -> None:
    for port, (_, server) in {
        default: recipe(target),
        9001: recipe(target, "PORT=9001"),
        9002: recipe(target, PORT="9002"),
    }.items():
        assert server.endswith(f" --port {port}")


@pytest.mark.parametrize("target", ["viz", "mlflow"])
def test_kedro_accepts_the_port(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    _, server = recipe(target, "PORT=9001")

    _, options = parse(server[server.index("kedro ") :])

    assert str(options["port"]) == "9001"
