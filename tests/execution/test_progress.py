"""Progress: a live line in a terminal, log lines elsewhere."""

import logging
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from triptych.execution import progress
from triptych.execution.progress import track

_RUN = """
import logging, time
from triptych.execution.progress import track
logging.basicConfig(level=logging.INFO)
for fit in track(range(3), "Fits"):
    time.sleep(0.6)
    for day in track(["one", "two"], "Days"):
        logging.info("fitted %s %s", fit, day)
"""


def test_a_log_tells_share_and_remaining_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)

    assert list(track(iter("abcd"), "Fits", 4)) == ["a", "b", "c", "d"]

    lines = [record.getMessage() for record in caplog.records]
    assert lines == [f"Fits: {n} of 4 ({25 * n} %), 0:00:00 left" for n in (1, 2, 3)]


def test_short_work_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    assert list(track([1, 2, 3], "Fits")) == [1, 2, 3]

    assert not caplog.records


def test_a_terminal_shows_live_lines_below_the_log(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(_RUN, encoding="utf-8")
    ours, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen([sys.executable, script], stderr=terminal, env=environment) as run:
        os.close(terminal)
        shown = b""
        while part := _read(ours):
            shown += part
    assert run.returncode == 0
    text = shown.decode()
    assert "Fits" in text
    assert "%" in text
    lines = [line for line in text.splitlines() if "fitted" in line]
    assert [line.split("fitted ")[1].rstrip()[:5] for line in lines] == [
        f"{fit} {day}" for fit in range(3) for day in ("one", "two")
    ]  # each on a line of its own


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the program has ended
        return b""
