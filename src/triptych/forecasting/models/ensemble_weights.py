"""How much each member of an ensemble counts at each lead."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.evaluation.metrics import TARGET, common_targets
from triptych.forecasting.features.grid import FloatArray

JITTER = 1e-9  # relative; makes members that err alike solvable
SUM_WEIGHT = 1e4  # of the sum's row, relative to the errors
TINY = 1e-300


def learn_weights(forecasts: pd.DataFrame, members: Sequence[str]) -> dict[str, list[float]]:
    """Non-negative weights of `members` that sum to 1 and minimise the squared error at each lead.

    Stacking as in Breiman, Machine Learning 24, 1996, 49-64. Locations count alike. Beyond the
    first day the leads of a day share their weights. `forecasts`: validation backtests.
    """
    rows = common_targets(forecasts[forecasts["model"].isin(list(members))])
    rows = rows.assign(error=rows["mean"] - rows["observed"])
    spread = rows.groupby("location")["error"].transform("std")
    rows["error"] /= spread.where(spread > 0, 1.0)
    table = rows.pivot(index=[*TARGET, "lead"], columns="model", values="error")[list(members)]
    leads = table.index.get_level_values("lead").to_numpy()
    group = np.array([_group(int(lead)) for lead in leads])
    found = {key: _simplex(table[group == key].to_numpy()) for key in np.unique(group)}
    asked = range(1, int(leads.max()) + 1)
    seen = np.unique(leads)
    nearest = [int(seen[np.abs(seen - lead).argmin()]) for lead in asked]
    columns = np.stack([found[_group(lead)] for lead in nearest])
    return {name: columns[:, place].tolist() for place, name in enumerate(members)}


def cross_fitted(forecasts: pd.DataFrame, members: Sequence[str], name: str) -> pd.DataFrame:
    """Forecasts of the ensemble `name` with weights from other months, without intervals.

    Weights of even months forecast the odd ones and vice versa: a month's own would flatter it.
    """
    rows = common_targets(forecasts[forecasts["model"].isin(list(members))])
    odd = rows["as_of"].dt.month % 2 == 1
    halves = [rows[odd], rows[~odd]]
    if any(half.empty for half in halves):  # a single month: nothing to cross
        return weighted_mean(rows, learn_weights(rows, members), name)
    crossed = [
        weighted_mean(half, learn_weights(other, members), name)
        for half, other in zip(halves, reversed(halves), strict=True)
    ]
    return pd.concat(crossed).sort_values([*TARGET, "lead"], ignore_index=True)


def weighted_mean(
    forecasts: pd.DataFrame, weights: Mapping[str, Sequence[float]], name: str
) -> pd.DataFrame:
    """The forecasts of the ensemble `name` from backtests of its members, without intervals.

    The last weight serves all later leads.
    """
    keys = [*TARGET, "lead"]
    means = forecasts.pivot(index=keys, columns="model", values="mean")[list(weights)]
    leads = means.index.get_level_values("lead").to_numpy()
    table = np.array(list(weights.values())).T
    shares = table[np.minimum(leads, len(table)) - 1]
    mean = (means.to_numpy() * shares).sum(axis=1) / shares.sum(axis=1)
    observed = forecasts.drop_duplicates(keys).set_index(keys)["observed"].reindex(means.index)
    return means.index.to_frame(index=False).assign(
        mean=mean, observed=observed.to_numpy(), model=name
    )


def _group(lead: int) -> int:
    """Leads that share their weights: each of the first day its own, then those of a day."""
    return lead if lead in DAY_LEADS else -((lead - 1) // STEPS_PER_DAY)


def _simplex(errors: FloatArray) -> FloatArray:
    """Weights that are not negative, sum to 1 and minimise the mean square of `errors @ weights`.

    Non-negative least squares with a heavy row for the sum; rounded to three digits, so that a
    rerun gives the same.
    """
    from scipy.optimize import nnls

    count = errors.shape[1]
    moments = errors.T @ errors / len(errors)
    size = float(np.trace(moments)) + TINY
    root = np.linalg.cholesky(moments + JITTER * size * np.eye(count)).T
    heavy = SUM_WEIGHT * np.sqrt(size)
    rows = np.vstack([root, np.full(count, heavy)])
    weights, _ = nnls(rows, np.append(np.zeros(count), heavy))
    return np.asarray(np.round(weights / weights.sum(), 3), dtype=np.float64)
