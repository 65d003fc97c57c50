"""The sentences that monitoring warns with."""

from collections.abc import Hashable
from typing import Any

import pandas as pd

from triptych.forecasting.evaluation.metrics import DAY
from triptych.forecasting.monitoring.verification import SKILLS, coverage_fails, window_name
from triptych.parameters.operations import MonitoringParameters


def score_warnings(
    scores: pd.DataFrame, live: pd.DataFrame, level: float, monitoring: MonitoringParameters
) -> list[str]:
    """Faults of the live models a day ahead, over the first window and by data age; none below
    `min_days`.
    """
    window = window_name(monitoring.window_days[0])
    judged = scores[
        (scores["window"] == window)
        & (scores["lead"] == DAY)
        & (scores["days"] >= monitoring.min_days)
    ]
    rows = judged.merge(live, on=["location", "model_id"])
    found = []
    for row in rows.to_dict("records"):
        found += _skill(row)
        found += _coverage(row, level, monitoring.coverage_tolerance)
    return found


def drift_warnings(input_drift: pd.DataFrame, monitoring: MonitoringParameters) -> list[str]:
    """Variables whose last days are not those of the same season in training."""
    return [
        f"{row.location}: {row.variable} has drifted: its mean over the last "
        f"{monitoring.drift_days} days is {row.mean_recent:.4g}, in the same season of training "
        f"{row.mean_training:.4g} (PSI {row.psi:.2f}, KS p {row.p_adjusted:.2g})."
        for row in input_drift[input_drift["drifted"].astype(bool)].itertuples()
    ]


def _skill(row: dict[Hashable, Any]) -> list[str]:
    return [
        f"{_who(row)} does worse than {baseline} a day ahead {_over(row)}: RMSE "
        f"{row['rmse']:.2f} °C, skill {row[skill]:.2f}."
        for skill, baseline in SKILLS.items()
        if row[skill] < 0
    ]


def _coverage(row: dict[Hashable, Any], level: float, tolerance: float) -> list[str]:
    if not coverage_fails(row["coverage"], row["days"], level, tolerance):
        return []
    held = round(row["coverage"] * row["n"])
    return [
        f"{_who(row)}: its {level:.0%} intervals held {held:,} of {row['n']:,} observations "
        f"({100 * row['coverage']:.2f} %) a day ahead {_over(row)}."
    ]


def _over(row: dict[Hashable, Any]) -> str:
    return f"over {row['days']} days (data age {row['data_age']} h)"


def _who(row: dict[Hashable, Any]) -> str:
    return f"{row['location']}: {row['name']} version {row['version']} ({row['stage']})"
