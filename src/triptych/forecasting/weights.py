"""How much each member of an ensemble counts at each lead."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.grid import FloatArray
from triptych.forecasting.metrics import TARGET, common_targets

SUM_TO_ONE = 1e3  # weight of the equation Σ weights = 1, against errors of order 1


def learn_weights(forecasts: pd.DataFrame, members: Sequence[str]) -> dict[str, list[float]]:
    """Non-negative weights of `members` that sum to 1 and minimise the squared error at each lead.

    `forecasts`: validation backtests (`model, location, as_of, time, lead, mean, observed`). Each location counts alike,
    whatever its spread. Beyond the first day the leads of a day share their weights. Stacking as in Breiman, Machine
    Learning 24, 1996, 49-64.
    """
    rows = common_targets(forecasts[forecasts["model"].isin(list(members))])
    rows = rows.assign(error=rows["mean"] - rows["observed"])
    spread = rows.groupby("location")["error"].transform("std")
    rows["error"] /= spread.where(spread > 0, 1.0)
    table = rows.pivot(index=[*TARGET, "lead"], columns="model", values="error")[list(members)]
    leads = table.index.get_level_values("lead").to_numpy()
    group = np.where(leads <= DAY_LEADS[-1], leads, -((leads - 1) // STEPS_PER_DAY))
    found = {key: _simplex(table[group == key].to_numpy()) for key in np.unique(group)}
    asked = range(1, int(leads.max()) + 1)
    keys = [lead if lead in found else -((lead - 1) // STEPS_PER_DAY) for lead in asked]
    columns = np.stack([found[key] for key in keys])
    return {name: columns[:, place].tolist() for place, name in enumerate(members)}


def _simplex(errors: FloatArray) -> FloatArray:
    """Weights w ≥ 0, Σ w = 1 that minimise |errors · w|; rounded, so that they read well and repeat exactly."""
    scale = SUM_TO_ONE * np.sqrt(len(errors))
    equations = np.vstack([errors, np.full((1, errors.shape[1]), scale)])
    weights, _ = nnls(equations, np.append(np.zeros(len(errors)), scale))
    return np.asarray(np.round(weights / weights.sum(), 3), dtype=np.float64)
