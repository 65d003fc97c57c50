"""Weighted means of forecasters, with weights by lead learned on validation."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from triptych.forecasting.arrays import FloatArray, IntArray
from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.metrics import TARGET, at_served_age, common_targets
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.base import PanelForecaster

JITTER = 1e-9  # relative; makes members that err alike solvable
SUM_WEIGHT = 1e4  # of the sum's row, relative to the errors
TINY = 1e-300
_ERRORS = [*TARGET, "lead", "model", "mean", "observed"]  # the columns that errors need


class EnsembleForecaster(PanelForecaster):
    """Mean of its members, weighted by lead.

    Parameters: `members`, model name to parameters; `weights`, model name to weights at leads 1, 2,
    … (the last one for all later leads). Without weights all members count alike.
    """

    name: ClassVar[str] = "ensemble"
    defaults: ClassVar[Mapping[str, Any]] = {
        "members": {"ridge": {}, "lightgbm": {}},
        "weights": {},
    }

    def with_members(self, members: Sequence[PanelForecaster]) -> Self:
        """Take the members; ForecastingError for none, or for weights of others."""
        names = sorted(member.name for member in members)
        weights: Mapping[str, Sequence[float]] = self.parameters["weights"]
        if not names or sorted(weights) not in ([], names):
            raise ForecastingError(
                "An ensemble needs members, and weights for all of them or for none; it got "
                f"members {', '.join(names) or 'none'} and weights of "
                f"{', '.join(sorted(weights)) or 'none'}. Correct the ensemble's parameters."
            )
        self.members = list(members)
        return self

    @classmethod
    def of_fitted(
        cls, members: Sequence[PanelForecaster], weights: Mapping[str, Sequence[float]]
    ) -> Self:
        """An ensemble of members that were fitted on the same history."""
        made = cls(
            {"members": {m.name: m.parameters for m in members}, "weights": weights},
            max_lead=min(member.max_lead for member in members),
            seed=members[0].seed,
        ).with_members(members)
        # some members know the climatology of the temperature alone
        made.climatology = max((m.fitted for m in members), key=lambda own: len(own.coefficients))
        return made

    def neighbour_locations(self, locations: Collection[str]) -> set[str]:
        """The neighbours that the members use."""
        return set().union(*(member.neighbour_locations(locations) for member in self.members))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Features of all members, each once, in their order."""
        return tuple(dict.fromkeys(name for m in self.members for name in m.feature_names))

    def inputs(
        self, history: pd.DataFrame, origin: pd.Timestamp, data_age: int = 0
    ) -> pd.DataFrame:
        """Explanatory variables of all members, each once: `location, feature, value`."""
        frames = [member.inputs(history, origin, data_age) for member in self.members]
        together = pd.concat(frames, ignore_index=True).drop_duplicates(["location", "feature"])
        return together.sort_values("location", kind="stable", ignore_index=True)

    def _fit(self, panel: Panel) -> None:
        for member in self.members:
            member.fit_panel(panel)

    def forecast(self, panel: Panel, origins: IntArray, leads: IntArray, age: int) -> FloatArray:
        """Weighted mean of the members that have a forecast, °C."""
        parts = np.stack([m.forecast(panel, origins, leads, age) for m in self.members])
        return _mean(parts, self._weights(leads)[:, None, None, :])

    def _weights(self, leads: IntArray) -> FloatArray:
        """Weights of the members, shape (member, lead), summing to 1 at each lead."""
        given: Mapping[str, Sequence[float]] = self.parameters["weights"]
        if not given:
            return np.full((len(self.members), len(leads)), 1 / len(self.members))
        table = _weight_table(given, [member.name for member in self.members], leads)
        return np.asarray(table / table.sum(axis=0), dtype=np.float64)


class EnsembleOfAllForecaster(EnsembleForecaster):
    """The same mean over both families: statistical and learned members together."""

    name: ClassVar[str] = "ensemble_all"
    defaults: ClassVar[Mapping[str, Any]] = {
        "members": {"sarima_ridge": {}, "ridge": {}, "lightgbm": {}},
        "weights": {},
    }


def learn_weights(forecasts: pd.DataFrame, members: Sequence[str]) -> dict[str, list[float]]:
    """Non-negative weights of `members` that sum to 1 and minimise the squared error at each lead.

    Stacking as in Breiman, Machine Learning 24, 1996, 49-64. Locations count alike. Beyond the
    first day the leads of a day share their weights. `forecasts`: validation backtests, of which
    those of the smallest data age count.
    """
    rows = at_served_age(common_targets(forecasts.loc[forecasts["model"].isin(members), _ERRORS]))
    rows = rows.assign(error=rows["mean"] - rows["observed"])
    spread = rows.groupby("location")["error"].transform("std")
    rows["error"] /= spread.where(spread > 0, 1.0)
    table = rows.pivot(index=[*TARGET, "lead"], columns="model", values="error")[list(members)]
    leads = table.index.get_level_values("lead").to_numpy()
    group = np.array([_group(int(lead)) for lead in leads])
    found = {key: _stack(table[group == key].to_numpy()) for key in np.unique(group)}
    wanted = range(1, int(leads.max()) + 1)
    seen = np.unique(leads)
    nearest = [int(seen[np.abs(seen - lead).argmin()]) for lead in wanted]
    columns = np.stack([found[_group(lead)] for lead in nearest])
    return {name: columns[:, place].tolist() for place, name in enumerate(members)}


def cross_fitted(forecasts: pd.DataFrame, members: Sequence[str], name: str) -> pd.DataFrame:
    """Forecasts of the ensemble `name`, without intervals: weights of even months forecast the odd
    ones and vice versa, because a month's own would flatter it.
    """
    rows = common_targets(forecasts.loc[forecasts["model"].isin(members), _ERRORS])
    odd = rows["as_of"].dt.month % 2 == 1
    if odd.nunique() == 1:  # a single month: nothing to cross
        return weighted_mean(rows, learn_weights(rows, members), name)
    crossed = [
        weighted_mean(rows[half], learn_weights(rows[~half], members), name) for half in (odd, ~odd)
    ]
    return pd.concat(crossed).sort_values([*TARGET, "lead"], ignore_index=True)


def weighted_mean(
    forecasts: pd.DataFrame, weights: Mapping[str, Sequence[float]], name: str
) -> pd.DataFrame:
    """The forecasts of the ensemble `name` from backtests of its members, without intervals."""
    keys = [*TARGET, "lead"]
    of_members = forecasts[forecasts["model"].isin(list(weights))]
    means = of_members.pivot(index=keys, columns="model", values="mean")[list(weights)]
    leads = means.index.get_level_values("lead").to_numpy()
    mean = _mean(means.to_numpy().T, _weight_table(weights, list(weights), leads))
    observed = forecasts.drop_duplicates(keys).set_index(keys)["observed"].reindex(means.index)
    return means.index.to_frame(index=False).assign(
        mean=mean, observed=observed.to_numpy(), model=name
    )


def _weight_table(
    weights: Mapping[str, Sequence[float]], members: Sequence[str], leads: IntArray
) -> FloatArray:
    """Weights of the members, shape (member, lead); the last one serves all later leads."""
    each = (np.asarray(weights[name], dtype=np.float64) for name in members)
    return np.stack([own[np.minimum(leads, len(own)) - 1] for own in each])


def _mean(forecasts: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted mean over the members (first axis) with a forecast; alike if none has a weight."""
    known = np.isfinite(forecasts)
    shares = weights * known
    shares = np.where(shares.sum(axis=0) > 0, shares, known)
    total = shares.sum(axis=0)
    mean = (shares * np.where(known, forecasts, 0.0)).sum(axis=0) / np.where(total > 0, total, 1)
    return np.where(total > 0, mean, np.nan)


def _group(lead: int) -> int:
    """Leads that share their weights: each of the first day its own, then those of a day."""
    return lead if lead in DAY_LEADS else -((lead - 1) // STEPS_PER_DAY)


def _stack(errors: FloatArray) -> FloatArray:
    """Weights that minimise the mean square of `errors @ weights`, 0 for a member without
    forecasts: non-negative least squares with a heavy row for the sum, rounded so that a rerun
    gives the same.
    """
    from scipy.optimize import nnls

    able = np.isfinite(errors).any(axis=0)
    known = errors[np.isfinite(errors[:, able]).all(axis=1)][:, able]
    count = known.shape[1]
    moments = known.T @ known / len(known)
    size = float(np.trace(moments)) + TINY
    root = np.linalg.cholesky(moments + JITTER * size * np.eye(count)).T
    heavy = SUM_WEIGHT * np.sqrt(size)
    found, _ = nnls(np.vstack([root, np.full(count, heavy)]), np.append(np.zeros(count), heavy))
    weights = np.zeros(errors.shape[1])
    weights[able] = np.round(found / found.sum(), 3)
    return weights
