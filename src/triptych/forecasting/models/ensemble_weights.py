"""How much each member of an ensemble counts at each lead."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.evaluation.metrics import TARGET, common_targets
from triptych.forecasting.features.grid import FloatArray


def learn_weights(forecasts: pd.DataFrame, members: Sequence[str]) -> dict[str, list[float]]:
    """Non-negative weights of `members` that sum to 1 and minimise the squared error at each lead.

    `forecasts`: validation backtests (`model, location, as_of, time, lead, mean, observed`). Each
    location counts alike, whatever its spread. Beyond the first day the leads of a day share their
    weights. Stacking as in Breiman, Machine Learning 24, 1996, 49-64.
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
    """Forecasts of the ensemble `name` whose weights never saw the month that they forecast.

    Weights learned from a month flatter its errors. Those of even months forecast the odd ones
    and the other way round, so that an ensemble is chosen, and its intervals are made, on errors
    like those to come. Columns as `forecasts` has them, no intervals.
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
    """The forecasts of an ensemble, from those of its members; the last weight serves later leads.

    `forecasts`: backtests of the members. Returns `location, as_of, time, lead, mean, observed`
    and `model`, which is `name`.
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

    The best of a support is a linear solve, so every support is tried: members are few. Rounded to
    three digits, so that they read well and a rerun gives the same.
    """
    count = errors.shape[1]
    moments = errors.T @ errors / len(errors)
    best, least = np.full(count, 1 / count), np.inf
    for size in range(1, count + 1):
        for support in map(list, combinations(range(count), size)):
            weights = np.zeros(count)
            weights[support] = _sum_to_one(moments[np.ix_(support, support)])
            loss = float(weights @ moments @ weights)
            if weights.min() >= 0 and loss < least:
                best, least = weights, loss
    return np.asarray(np.round(best, 3), dtype=np.float64)


def _sum_to_one(moments: FloatArray) -> FloatArray:
    """Minimum of w' M w under a sum of 1: the solution of M w = 1, scaled."""
    jitter = 1e-9 * np.trace(moments) / len(moments) + 1e-300
    raw = np.linalg.solve(moments + jitter * np.eye(len(moments)), np.ones(len(moments)))
    return np.asarray(raw / raw.sum(), dtype=np.float64)
