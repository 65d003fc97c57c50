"""Direct ridge regression of the anomaly: own coefficients for each step of day and lead."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from triptych.forecasting.arrays import (
    Arrays,
    Float32Array,
    FloatArray,
    IntArray,
    known_mean,
    ordered_product,
)
from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.anomaly import LearnedForecaster, PooledForecaster, anomaly_targets

BLOCK = 8  # leads that are solved together, on the origins whose targets are all known
TABLES = ("center", "spread", "weights", "intercept")  # names in storage
CONSTANT = 1e-6  # a feature that varies less does not explain anything

Fit = Sequence[FloatArray]
Rows = tuple[Iterable[npt.NDArray[Any]], Iterable[npt.NDArray[Any]]]


def moments(raw: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the known values of each column; 0 and 1 if there is none."""
    mean = np.nan_to_num(known_mean(raw, axis=0))
    scale = np.sqrt(known_mean((raw - mean) ** 2, axis=0))
    return mean, np.where(scale > CONSTANT, scale, 1.0)


def standardise(raw: FloatArray, mean: FloatArray, scale: FloatArray) -> FloatArray:
    """Standardised features; missing values count as average."""
    return np.nan_to_num((raw - mean) / scale, nan=0.0)


def fit_by_step(
    names: Sequence[str],
    origins: IntArray,
    rows: Callable[[IntArray], Rows],
    solve: Callable[[npt.NDArray[Any], npt.NDArray[Any]], Fit],
) -> Arrays:
    """What `solve` gives for each location's `rows` at some origins: (location, step of day, …)."""
    by_step = []
    for step in range(STEPS_PER_DAY):
        features, targets = rows(origins[origins % STEPS_PER_DAY == step])
        by_step.append([solve(*pair) for pair in zip(features, targets, strict=True)])
    return {
        name: np.stack([[fit[place] for fit in fits] for fits in by_step], axis=1)
        for place, name in enumerate(names)
    }


def forecast_by_step(
    tables: Sequence[npt.NDArray[Any]],
    places: IntArray,
    design: Callable[[IntArray], npt.NDArray[Any]],
    origins: IntArray,
    leads: IntArray,
) -> FloatArray:
    """Forecasts of the regressions of each step of day, shape (location, origin, lead).

    `tables`: mean, scale, weights (place, step of day, …); `places`: the row of each location in
    them; `design`: features at some origins.
    """
    out = np.empty((len(places), len(origins), len(leads)))
    for step in np.unique(origins % STEPS_PER_DAY):
        here = origins % STEPS_PER_DAY == step
        mean, scale, weights = (table[places, step] for table in tables)
        standard = standardise(design(origins[here]), mean[:, None], scale[:, None])
        out[:, here] = ordered_product(standard, weights[..., leads - 1])
    return out


class RidgeForecaster(LearnedForecaster):
    """Ridge on standardised features (Hoerl and Kennard, Technometrics 12, 1970, 55-67).

    Each location has its own coefficients. Parameters: `alpha`, in units of one standardised
    feature's sum of squares per row; `neighbours`.
    """

    name: ClassVar[str] = "ridge"
    defaults: ClassVar[Mapping[str, Any]] = {"alpha": 0.03, "neighbours": 2}

    def _fit(self, panel: Panel) -> None:
        leads = np.arange(1, self.max_lead + 1)

        def rows(chosen: IntArray) -> Rows:
            return self.features(panel, chosen), anomaly_targets(panel, chosen, leads)

        origins = self._training_origins(panel)
        self.state |= fit_by_step(TABLES, origins, rows, self._solve)

    def _solve(self, features: Float32Array, targets: Float32Array) -> Fit:
        """TABLES of rows of features and targets; 0 for leads whose targets are never known."""
        raw = features.astype(np.float64)
        mean, scale = moments(raw)
        design = standardise(raw, mean, scale)
        weights, intercept = np.zeros((raw.shape[1], self.max_lead)), np.zeros(self.max_lead)
        for first in range(0, self.max_lead, BLOCK):
            block = slice(first, min(first + BLOCK, self.max_lead))
            known = np.isfinite(targets[:, block]).all(axis=1)
            if known.any():
                rows, wanted = design[known], targets[known, block].astype(np.float64)
                intercept[block] = wanted.mean(axis=0)
                alpha = self.parameters["alpha"] * len(rows)
                gram = rows.T @ rows + alpha * np.eye(rows.shape[1])
                moment = rows.T @ (wanted - intercept[block])
                weights[:, block] = np.linalg.solve(gram, moment)
        return [mean, scale, weights, intercept]

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        *tables, intercept = (self.state[name] for name in TABLES)
        places = panel.rows % len(intercept)  # the one row of a pooled model serves all locations
        step = origins[:, None] % STEPS_PER_DAY
        total = forecast_by_step(
            tables, places, lambda at: self.features(panel, at), origins, leads
        )
        return np.asarray(total + intercept[places[:, None, None], step, leads - 1])

    def _importance_values(self) -> FloatArray:
        """Mean absolute standardised coefficient over the first day's leads."""
        first_day = np.abs(self.state["weights"][..., :STEPS_PER_DAY])
        return np.asarray(first_day.mean(axis=(0, 1, 3)), dtype=np.float64)


class PooledRidgeForecaster(PooledForecaster, RidgeForecaster):
    """Ridge whose coefficients all locations share.

    Locations differ by climatology, scale and features alone: ten thousand are stored as one, and
    a new one needs no fit. Parameters: those of ridge; `origins`, at most per location.
    """

    name: ClassVar[str] = "pooled_ridge"
    defaults: ClassVar[Mapping[str, Any]] = {"alpha": 0.003, "origins": None, "neighbours": 2}

    def _rows_of(self, panel: Panel, origins: IntArray) -> Arrays:
        chosen = self._drawn(origins)
        features = self.features(panel, chosen)
        targets = anomaly_targets(panel, chosen, np.arange(1, self.max_lead + 1))
        return {
            "features": features.reshape(-1, features.shape[-1]),
            "targets": targets.reshape(-1, self.max_lead),
            "step": np.tile(chosen % STEPS_PER_DAY, len(features)),
        }

    def _learn_rows(self, rows: Arrays) -> None:
        def at_step(chosen: IntArray) -> Rows:
            here = np.isin(rows["step"], chosen)
            return rows["features"][here][None], rows["targets"][here][None]

        self.state |= fit_by_step(TABLES, np.arange(STEPS_PER_DAY), at_step, self._solve)

    def restore(self, state: Arrays, texts: Mapping[str, str]) -> None:
        """Take what was stored; version 0.1 left out the axis of the one location."""
        old = state["intercept"].ndim == 2  # noqa: PLR2004
        super().restore({**state, **{n: state[n][None] for n in TABLES if old}}, texts)
