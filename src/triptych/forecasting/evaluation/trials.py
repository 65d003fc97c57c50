"""What a search tried, one row a trial, and the same as metrics of a tracked run."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

TRIAL_COLUMNS = ("model", "number", "value", "aic", "parameters")

Trial = tuple[str, int, float, float, Mapping[str, Any]]


def trials_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """Frame TRIAL_COLUMNS of trials in that order.

    `number` counts a model's trials from 0; `value` is the RMSE in °C on validation; `aic` NaN
    where there is none; `parameters` JSON, the keys sorted.
    """
    rows = [(*trial[:4], json.dumps(trial[4], sort_keys=True)) for trial in trials]
    table = pd.DataFrame(rows, columns=list(TRIAL_COLUMNS))
    kinds = {"model": "str", "number": "int64", "value": "float64", "aic": "float64"}
    return table.astype({**kinds, "parameters": "str"})


def trial_metrics(table: pd.DataFrame) -> pd.DataFrame:
    """Frame `metric, step, value` of trials: `tuning.ridge.rmse` and, where there is one,
    `tuning.arima.aic`; the step is the trial's number.
    """
    named = table.rename(columns={"value": "rmse", "number": "step"})
    long = named.melt(["model", "step"], ["rmse", "aic"], var_name="measure")
    long = long[long["value"].notna()].reset_index(drop=True)
    return long.assign(metric="tuning." + long["model"] + "." + long["measure"])[
        ["metric", "step", "value"]
    ]
