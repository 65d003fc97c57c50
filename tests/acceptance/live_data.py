"""Recorded series as forecasters take them, and the replay server of the forecast services."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from triptych.forecasting.features.nwp import nwp_column

LEAD_DAYS = (1, 2, 3)


def history(folder: Path, slug: str, nwp_models: Sequence[str] = ()) -> pd.DataFrame:
    """Read the 3-hour history of a city, with the NWP forecasts of some models."""
    hours = pd.read_csv(folder / f"{slug}.csv.gz", parse_dates=["time"]).set_index("time")
    steps = _steps(hours)
    for hour in range(3):
        at = hours["temperature_2m"][hours.index.hour % 3 == hour]
        steps[f"temperature_2m_h{hour}"] = at.set_axis(at.index - pd.Timedelta(hours=hour))
    if nwp_models:
        issued = pd.read_csv(folder / "nwp" / f"{slug}.csv.gz", parse_dates=["time"])
        issued = _steps(issued.set_index("time"))
        for model in nwp_models:
            for day in LEAD_DAYS:
                name = f"{model}:temperature_2m_previous_day{day}"
                if name in issued:
                    steps[nwp_column(model, day)] = issued[name].reindex(steps.index)
    place = json.loads((folder / "cities.json").read_text(encoding="utf-8"))[slug]
    steps = steps.tz_localize("UTC").reset_index()
    return steps.assign(location=slug, latitude=place["latitude"], longitude=place["longitude"])


def _steps(hours: pd.DataFrame) -> pd.DataFrame:
    """Means of three hours, NaN where one is missing."""
    groups = hours.select_dtypes("number").resample("3h")
    return groups.mean().where(groups.count() == 3)


@contextmanager
def replay(folder: Path, now: str, *options: str) -> Iterator[str]:
    """Serve the recorded weather as Open-Meteo does, at a simulated time; yields the address."""
    script = Path(
        os.environ.get("TRIPTYCH_REPLAY", folder.parents[1] / "tools" / "openmeteo_replay.py")
    )
    if not script.exists():
        pytest.skip("TRIPTYCH_REPLAY names no server of recorded weather")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(script), "--port", str(port), "--now", now, *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url)
            yield url
        finally:
            server.terminate()


def post(url: str) -> None:
    """Tell the replay server something: /_now?to=…, /_fault?kind=…&times=…."""
    with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=10):  # noqa: S310
        pass


def _wait(url: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"{url}/_stats", timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer")
