"""The same tables wherever batches are worked on, what happens when workers go, and progress."""

import logging
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.fixtures import work
from tests.forecasting.synthetic import make_history
from triptych.errors import PipelineError
from triptych.execution import batches as engine
from triptych.execution import progress
from triptych.execution.batches import map_batches, split_locations
from triptych.execution.progress import track
from triptych.forecasting.evaluation.metrics import score
from triptych.nlp.duplicates import find_near_duplicates
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.word_vectors import VectorSettings, train_vectors
from triptych.parameters.forecasting import EngineParameters, PreprocessingParameters
from triptych.pipelines.nlp.nodes import prepare_reviews
from triptych.pipelines.preprocessing.nodes import average_steps, build_history, complete_hours
from triptych.pipelines.ts_common.family import Forecasters, backtests, fit_forecasters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.vision.duplicates import group_photos, sign_photo

TEST_START = pd.Timestamp("2021-05-20", tz="UTC")
END = pd.Timestamp("2021-05-23", tz="UTC")
PERIODS = StudyPeriods(TEST_START, TEST_START, TEST_START, END)
MODELS: dict[str, dict[str, Any]] = {
    "arima": {"ar": 1},
    "ridge": {"neighbours": 1},
    "lightgbm": {"trees": (5,), "neighbours": 0},
    "pooled_ridge": {"neighbours": 0, "origins": 300},
}


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    """Four places; the second pair lies beside the first."""
    first = make_history(days=515)
    other = make_history(days=515, seed=1)
    moved = other.assign(location=other["location"] + "ward", latitude=other["latitude"] + 0.5)
    return pd.concat([first, moved]).sort_values(["location", "time"], ignore_index=True)


@pytest.fixture(scope="module")
def hours() -> pd.DataFrame:
    """Ten days of hours of five places, with gaps."""
    times = pd.date_range("2024-01-01", periods=240, freq="h", tz="UTC", unit="us")
    frames = [
        pd.DataFrame({"location": f"place-{n}", "time": times, "temperature_2m": times.hour + n})
        for n in range(5)
    ]
    whole = pd.concat(frames, ignore_index=True).astype({"temperature_2m": "float64"})
    return whole.drop(index=[7, 8, 300, *range(500, 520)]).astype({"location": "str"})


@pytest.fixture(scope="module")
def dask() -> Iterator[EngineParameters]:
    """A cluster of two worker processes."""
    parameters = EngineParameters(kind="dask", workers=2, batch_locations=2)
    client = engine._client(None, 2)
    yield parameters
    cluster = client.cluster
    client.close()
    cluster.close()
    engine._client.cache_clear()


WHOLE = EngineParameters(batch_locations=50)
SINGLE = EngineParameters(batch_locations=1)
JOBLIB = EngineParameters(kind="joblib", workers=2, batch_locations=3)


@pytest.fixture(params=["single", "joblib", "dask"])
def parameters(request: pytest.FixtureRequest) -> Any:
    """Each engine, with several batches."""
    if request.param == "dask":
        return request.getfixturevalue("dask")
    return SINGLE if request.param == "single" else JOBLIB


def prepare(hours: pd.DataFrame, parameters: EngineParameters) -> list[pd.DataFrame]:
    """Every table that preparation makes."""
    limit = PreprocessingParameters(interpolation_limit_hours=6)
    places = pd.DataFrame({"location": sorted(hours["location"].unique()), "latitude": 1.0})
    completed = complete_hours(hours, limit, parameters)
    return [
        *completed.values(),
        average_steps(completed["complete_hours"], parameters),
        build_history(hours, places.assign(longitude=2.0), limit, parameters),
    ]


def study(history: pd.DataFrame, parameters: EngineParameters) -> tuple[Forecasters, pd.DataFrame]:
    """Models fitted on the time before the test, and their backtest."""
    fitted = fit_forecasters(history, TEST_START, MODELS, 8, seed=0, engine=parameters)
    return fitted, backtests(fitted, history, TEST_START, END, PERIODS, parameters)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    possible = ("model", "location", "variable", "as_of", "time", "start")
    keys = [name for name in possible if name in found]
    pd.testing.assert_frame_equal(
        found[[*expected]].sort_values(keys, ignore_index=True),
        expected.sort_values(keys, ignore_index=True),
        check_exact=True,
    )


def test_preparation_is_the_same_on_every_engine(hours: pd.DataFrame) -> None:
    whole = prepare(hours, WHOLE)
    for parameters in (SINGLE, JOBLIB):
        for found, expected in zip(prepare(hours, parameters), whole, strict=True):
            assert_same(found, expected)


@pytest.fixture(scope="module")
def at_once(history: pd.DataFrame) -> tuple[Forecasters, pd.DataFrame]:
    return study(history, WHOLE)


def test_fits_and_forecasts_are_the_same_on_every_engine(
    history: pd.DataFrame, at_once: tuple[Forecasters, pd.DataFrame], parameters: EngineParameters
) -> None:
    fitted, forecasts = study(history, parameters)

    for name, whole in at_once[0].items():
        assert fitted[name].texts == whole.texts
        for array, values in whole.state.items():
            np.testing.assert_array_equal(fitted[name].state[array], values, strict=True)
    assert len(forecasts) == 4 * 4 * 3 * 8  # models, places, days, leads
    assert_same(forecasts, at_once[1])
    scores = score(at_once[1], history)
    pd.testing.assert_frame_equal(score(forecasts, history), scores, check_exact=True)


def test_results_keep_the_order_and_errors_their_words(parameters: EngineParameters) -> None:
    assert map_batches(work.add, [[1], [2, 3], [4]], parameters, "Adding", 100) == [101, 105, 104]
    assert map_batches(work.blas_threads, [0, 1], parameters, "Counting") == [{1}, {1}]
    with pytest.raises(ValueError, match="batch 1 is refused"):
        map_batches(work.fail, [0, 1, 2], parameters, "Failing")


def test_a_single_batch_starts_no_process(dask: EngineParameters) -> None:
    for parameters in (JOBLIB, dask):
        assert map_batches(work.process, ["one"], parameters, "Working") == [os.getpid()]
    assert os.getpid() not in map_batches(work.process, [0, 1], dask, "Working")


def test_a_killed_worker_costs_time_and_no_row(dask: EngineParameters, tmp_path: Path) -> None:
    found = map_batches(work.die_once, range(6), dask, "Working", tmp_path)

    assert (tmp_path / "killed").exists()
    assert found == [0, 10, 20, 30, 40, 50]


def test_a_batch_that_kills_every_worker_is_named(dask: EngineParameters) -> None:
    from dask import config

    with (
        config.set({"distributed.scheduler.allowed-failures": 0}),
        pytest.raises(PipelineError, match=r"lower engine\.batch_locations"),
    ):
        engine._client(None, 2).run_on_scheduler(forgive_nothing)
        map_batches(work.die, range(3), dask, "Working")


def forgive_nothing(dask_scheduler: Any) -> None:
    dask_scheduler.allowed_failures = 0


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_CONNECT_SECONDS", 1)
    away = EngineParameters(kind="dask", address="tcp://127.0.0.1:9")

    with pytest.raises(PipelineError, match=r"scheduler at tcp://127\.0\.0\.1:9 does not answer"):
        map_batches(work.process, [0, 1], away, "Working")


def test_parts_hold_whole_locations(hours: pd.DataFrame) -> None:
    parts = split_locations(hours.sample(frac=1, random_state=0), 2)

    assert [sorted(part["location"].unique()) for part in parts] == [
        ["place-0", "place-1"],
        ["place-2", "place-3"],
        ["place-4"],
    ]
    assert sum(map(len, parts)) == len(hours)
    assert split_locations(hours, 5)[0] is hours


_RUN = """
import logging, time
from triptych.execution.progress import track
logging.basicConfig(level=logging.INFO)
for fit in track(range(3), "Fits"):
    time.sleep(0.6)
    for day in track(["one", "two"], "Days"):
        logging.info("fitted %s %s", fit, day)
"""


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what `track` has logged; the Dask cluster of this module may log meanwhile."""
    found = [record for record in caplog.records if record.name == progress.logger.name]
    return [record.getMessage() for record in found]


def test_a_log_tells_share_and_remaining_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)

    assert list(track(iter("abcd"), "Fits", 4)) == ["a", "b", "c", "d"]

    assert messages(caplog) == [f"Fits: {n} of 4 ({25 * n} %), 0:00:00 left" for n in (1, 2, 3)]


REVIEWS = pd.DataFrame(
    {
        "item": list("abcdefghijkl"), "split": "train", "group": range(12),
        "review": "un film qui ne finit pas", "polarity": 6 * [0, 1],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("work", "name", "total"),
    [
        (lambda: prepare_reviews(REVIEWS, Preparation(), 12, 2, 2, 1), "Preparing reviews", 12),
        (lambda: find_near_duplicates(REVIEWS["review"]), "Comparing reviews", 12),
        (lambda: train_vectors(REVIEWS["review"], VectorSettings(epochs=5), 1),
         "Training word vectors", 5),
        (lambda: group_photos(2 * [sign_photo(Image.new("L", (8, 8)))], ["", ""], 4),
         "Comparing photos", 8),
    ],
)  # fmt: skip
def test_work_of_several_seconds_shows_its_progress(
    work: Callable[[], Any],
    name: str,
    total: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="triptych")
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)

    work()

    lines = [line.split(" (")[0] for line in messages(caplog)]
    assert lines == [f"{name}: {done} of {total}" for done in range(1, total)]


def test_short_work_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    assert list(track([1, 2, 3], "Fits")) == [1, 2, 3]

    assert messages(caplog) == []


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
