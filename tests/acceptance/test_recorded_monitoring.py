"""Forecasts issued for every day of 2019, judged as the backtest of the same days was."""

from pathlib import Path

import pandas as pd
import pytest

from tests.acceptance.conftest import HORIZON_DAYS, RecordedRun
from tests.fixtures.project import copy_of

pytestmark = pytest.mark.acceptance

ROUNDING = 0.005  # °C: predictions are stored to two digits, so no mean moves by more
COMMON = f"as_of=2020-01-01,location=paris;brest;berlin,horizon_days={HORIZON_DAYS}"


def test_monitoring_agrees_with_the_backtest(recorded_run: RecordedRun, tmp_path: Path) -> None:
    project = copy_of(recorded_run.project, tmp_path / "project")
    for command in (
        ("run", "--pipeline", "batch_inference", "--params",
         f"{COMMON},batch_inference.since=2019-01-01"),
        ("monitor", "--params", f"{COMMON},monitoring.window_days=[all]"),
    ):  # fmt: skip
        project.output(*command, "--env", "live", timeout=1800)

    report = project.path / "data" / "08_reporting" / "monitoring_scores.csv"
    scores = pd.read_csv(report, dtype={"lead": str}).set_index(["location", "lead"])
    table = recorded_run.comparison
    of_chosen = (table["model"] == recorded_run.chosen) & (table["data_age"] == 0)
    study = table[of_chosen].set_index(["location", "lead"])
    both = scores.merge(study, left_index=True, right_index=True, suffixes=("", "_study"))

    assert len(both) == len(scores) == 3 * (8 * HORIZON_DAYS + 3)
    assert (both["n"] == both["n_study"]).all()
    for column in ("rmse", "mae", "bias"):
        assert (both[column] - both[f"{column}_study"]).abs().max() < ROUNDING
    for column in ("skill_day", "skill_climatology"):
        assert (both[column] - both[f"{column}_study"]).abs().max() < 0.01
    # the widths of the study follow the errors of the weeks before each issue time
    assert (both["coverage"] - both["coverage_study"]).abs().max() < 0.05
