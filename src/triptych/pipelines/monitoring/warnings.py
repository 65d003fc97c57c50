"""The sentences that monitoring warns with."""

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
    in_window = scores["window"] == window_name(monitoring.window_days[0])
    enough = scores["days"] >= monitoring.min_days
    rows = scores[in_window & enough & (scores["lead"] == DAY)]
    found = []
    for row in rows.merge(live, on=["location", "model_id"]).to_dict("records"):
        who = f"{row['location']}: {row['name']} version {row['version']} ({row['stage']})"
        over = f"a day ahead over {row['days']} days (data age {row['data_age']} h)"
        found += [
            f"{who} does worse than {baseline} {over}: RMSE {row['rmse']:.2f} °C, skill "
            f"{row[skill]:.2f}."
            for skill, baseline in SKILLS.items()
            if row[skill] < 0
        ]
        if coverage_fails(row["coverage"], row["days"], level, monitoring.coverage_tolerance):
            held = round(row["coverage"] * row["n"])
            found.append(
                f"{who}: its {level:.0%} intervals held {held:,} of {row['n']:,} observations "
                f"({100 * row['coverage']:.2f} %) {over}."
            )
    return found


def drift_warnings(input_drift: pd.DataFrame, monitoring: MonitoringParameters) -> list[str]:
    """Variables whose last days are not those of the same season in training."""
    return [
        f"{row.location}: {row.variable} has drifted: its mean over the last "
        f"{monitoring.drift_days} days is {row.mean_recent:.4g}, in the same season of training "
        f"{row.mean_training:.4g} (PSI {row.psi:.2f}, KS p {row.p_adjusted:.2g})."
        for row in input_drift[input_drift["drifted"].astype(bool)].itertuples()
    ]
