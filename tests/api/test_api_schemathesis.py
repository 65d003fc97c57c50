"""All checks of schemathesis against a running API: no 5xx, no undocumented status."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.tables import create_filled
from tests.fixtures.serving import ROOT, serving

pytest.importorskip("schemathesis")

AS_NAMED = ("--config-file", str(ROOT / "schemathesis.toml"))
KEY = "a-key-of-the-test"


def ask(
    address: str, folder: Path, examples: int, *more: str, key: str = "", path: str = ""
) -> tuple[str, int]:
    """Ask with generated requests; give what it printed and how many there were."""
    command = [sys.executable, "-m", "schemathesis.cli", *more, "run", "--checks", "all"]
    command += ["--max-examples", str(examples), "--seed", "1", "--no-color"]
    command += ["--generation-database=none", f"{address}/openapi.json"]
    command += ["-H", f"X-API-Key: {key}"] if key else []
    command += ["--include-path", path] if path else []
    # its cache is in the folder
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    counted = re.search(r"(\d+) generated", run.stdout)
    assert counted, run.stdout + run.stderr
    assert run.returncode == 0, run.stdout
    return run.stdout, int(counted[1])


@pytest.mark.parametrize(
    ("examples", "fewest"), [(5, 150), pytest.param(600, 2000, marks=pytest.mark.acceptance)]
)
def test_generated_requests_find_nothing(
    postgresql_url: str, tmp_path: Path, examples: int, fewest: int
) -> None:
    create_filled(postgresql_url)  # the stricter one: `test_api_auth` is hostile to both
    with serving(postgresql_url, tmp_path / "log") as (address, process):
        printed, number = ask(address, tmp_path, examples, *AS_NAMED)
        assert process.poll() is None

    assert number >= fewest, printed
    assert '"ERROR"' not in (tmp_path / "log").read_text()


@pytest.mark.acceptance
def test_nor_do_they_where_a_key_is_needed(sqlite_file: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{sqlite_file}"
    with serving(url, tmp_path / "log", TRIPTYCH_API_KEY=KEY) as (address, _):
        printed, _ = ask(address, tmp_path, 10, *AS_NAMED, key=KEY)

    assert "ignored_auth" not in printed
    assert KEY not in (tmp_path / "log").read_text()


def test_what_openapi_cannot_say_is_found_unless_it_is_named(
    sqlite_file: Path, tmp_path: Path
) -> None:
    """Without schemathesis.toml the documented exceptions are failures: the run can fail."""
    url = f"sqlite:///{sqlite_file}"
    with (
        serving(url, tmp_path / "log") as (address, _),
        pytest.raises(AssertionError, match="Schema-valid request rejected"),
    ):
        ask(address, tmp_path, 50, path="/predictions/observed")
