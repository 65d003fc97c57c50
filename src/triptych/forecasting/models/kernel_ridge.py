"""Kernel ridge regression of the anomaly: days like this one, by state, tendency and season."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.errors import OriginError
from triptych.forecasting.features.feature_table import origin_feature_names
from triptych.forecasting.features.grid import FloatArray, IntArray
from triptych.forecasting.features.panel import Float32Array, Panel, moments, standardise
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.learned import LearnedForecaster

SEASON = ("year_cos", "year_sin")
PARTS = ("center", "spread", "design", "mean", "dual")  # names in storage
Floats = TypeVar("Floats", Float32Array, FloatArray)
SLOPE_ROWS = 1000  # enough for a mean slope
# Leads (first, last) and their noise: the less that can be foreseen, the smoother the fit.
NOISE = ((1, 8, 1.0), (9, 16, 3.0), (17, None, 50.0))
PRESENT = 1.0  # the last step known, and how it got there
BACKGROUND = 0.25  # days and weeks before, and sunshine
FARTHER_NEIGHBOUR = 0.5
RECENT_WIND = 4  # steps: the wind that brings the air counts for longer
_NAME = re.compile(r"(?:neighbour(\d+)_)?(.+)_(lag|change|mean|min|max)(\d+)")


@dataclass(frozen=True, slots=True)
class Kernel:
    """Matérn 3/2 of the state times a Gaussian of the season, plus a linear kernel of the state.

    Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, eq. 4.17. `scales` (one a
    feature of the state) are normalised, so that a standardised state has length 1.
    """

    scales: FloatArray
    width: float
    season: float
    linear: float

    def covariance(self, left: Float32Array, right: Float32Array) -> FloatArray:
        """Kernel of two designs, shape (left, right)."""
        product, distance = _products(left[:, : -len(SEASON)], right[:, : -len(SEASON)])
        _, apart = _products(left[:, -len(SEASON) :], right[:, -len(SEASON) :])
        scaled = np.sqrt(3 * distance) * np.float32(self.width)
        matern = (1 + scaled) * np.exp(-scaled - np.float32(self.season) * apart)
        return np.asarray(matern + np.float32(self.linear) * product, dtype=np.float64)

    def design(self, raw: FloatArray, mean: FloatArray, scale: FloatArray) -> Float32Array:
        """Standardised and scaled state, then the season as it is; missing counts as average."""
        weights = self.scales / np.sqrt(np.square(self.scales).sum())
        state = standardise(raw[:, : -len(SEASON)], mean, scale) * weights
        return np.hstack([state, raw[:, -len(SEASON) :]]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class KernelModel:
    """A fitted regression: moments of the features, the training rows as `design`, the targets'
    mean (lead,) and `dual` (row, lead).
    """

    feature_mean: FloatArray
    feature_scale: FloatArray
    design: Float32Array
    target_mean: FloatArray
    dual: FloatArray

    @classmethod
    def fit(cls, kernel: Kernel, raw: FloatArray, targets: FloatArray, noise: float) -> Self:
        """Kernel ridge regression of `targets` (row, lead) on `raw` features (row, feature).

        Saunders, Gammerman and Vovk, ICML 1998, 515-521: dual = (K + noise I)⁻¹ (targets - mean).
        """
        moment = moments(raw[:, : -len(SEASON)])
        design = kernel.design(raw, *moment)
        mean = targets.sum(axis=0) / max(len(targets), 1)
        dual = _dual(kernel.covariance(design, design), targets - mean, noise)
        return cls(*moment, design, mean, dual)

    def forecast(self, kernel: Kernel, raw: FloatArray) -> FloatArray:
        """Anomaly at every lead for one row of features, shape (lead,)."""
        here = kernel.design(raw[None], self.feature_mean, self.feature_scale)
        weights = kernel.covariance(here, self.design)[0]
        return np.asarray(self.target_mean + weights @ self.dual, dtype=np.float64)

    def slopes(self, kernel: Kernel, leads: int) -> FloatArray:
        """Mean square slope of the first `leads`' mean along each standardised feature
        (Radhakrishnan et al., Science 383, 2024, 1461-1467); 0 for the season.
        """
        design = self.design[-SLOPE_ROWS:].astype(np.float64)
        dual = self.dual[-SLOPE_ROWS:, :leads].mean(axis=1)
        state = design[:, : -len(SEASON)]
        _, distance = _products(state, state)
        _, apart = _products(design[:, -len(SEASON) :], design[:, -len(SEASON) :])
        decay = np.exp(-np.sqrt(3 * distance) * kernel.width - kernel.season * apart)
        pull = 3 * kernel.width**2 * decay * dual
        slopes = pull @ state - pull.sum(axis=1)[:, None] * state + kernel.linear * (dual @ state)
        return np.append(np.square(slopes * kernel.scales).mean(axis=0), np.zeros(len(SEASON)))


def _dual(system: FloatArray, wanted: FloatArray, noise: float) -> FloatArray:
    parts: list[FloatArray] = []
    added = 0.0
    for first, last, factor in NOISE:
        if first <= wanted.shape[1]:
            system[np.diag_indices(len(system))] += noise * factor - added
            solved = np.linalg.solve(system, wanted[:, first - 1 : last])
            parts.append(np.asarray(solved, dtype=np.float64))
            added = noise * factor
    return np.concatenate(parts, axis=1)


def _products(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Inner products and squared distances of the rows, shape (left, right)."""
    product: Floats = left @ right.T
    lengths = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1)
    return product, np.maximum(lengths - 2 * product, 0)


def feature_scales(names: Iterable[str]) -> FloatArray:
    """Scale of each standardised feature in the kernel's distance, 0 where it plays no part.

    Chosen on the validation years 2017-2018: present state and tendencies at full scale, background
    at a quarter, older single steps not at all, neighbours beyond the nearest at half.
    """
    return np.array([_scale(name) for name in names])


def _scale(name: str) -> float:
    match = _NAME.fullmatch(name)
    if match is None:
        return 0.0
    rank, variable, kind, number = match[1], match[2], match[3], int(match[4])
    distance = FARTHER_NEIGHBOUR if rank is not None and int(rank) > 1 else 1.0
    return distance * _importance(variable, kind, number)


def _importance(variable: str, kind: str, number: int) -> float:
    if variable == "shortwave_radiation":
        return BACKGROUND
    if variable.startswith("wind") and (kind == "mean" or number <= RECENT_WIND):
        return PRESENT
    if kind == "change" or (kind == "lag" and number == 1):
        return PRESENT
    return 0.0 if kind == "lag" else BACKGROUND


class KernelRidgeForecaster(LearnedForecaster):
    """Kernel ridge regression, one model for each location and step of the day.

    Parameters: `noise` (its variance on the first day), `width` (inverse length scale),
    `season` (inverse square length scale on the unit circle of the year), `linear` (variance of the
    linear part), `max_rows` (latest days used), `origin_steps` (steps of the day to forecast from),
    `neighbours`.
    """

    name: ClassVar[str] = "kernel_ridge"
    defaults: ClassVar[Mapping[str, Any]] = {
        "noise": 0.1,
        "width": 0.4,
        "season": 0.16,
        "linear": 0.5,
        "max_rows": 4000,
        "origin_steps": tuple(range(STEPS_PER_DAY)),
        "neighbours": 2,
    }

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features that have a scale in the metric, then the season."""
        names = np.array(self._all_names())
        return (*names[feature_scales(names) > 0].tolist(), *SEASON)

    def features(self, panel: Panel, origins: IntArray) -> Float32Array:
        """Features of the origins, shape (location, origin, feature)."""
        place = {name: number for number, name in enumerate(self._all_names())}
        wanted = [place[name] for name in self.feature_names]
        return super().features(panel, origins)[:, :, wanted]

    def _all_names(self) -> tuple[str, ...]:
        return origin_feature_names(self.fitted.climatology.coefficients, self.neighbours.count)

    def _kernel(self) -> Kernel:
        scales = feature_scales(self.feature_names[: -len(SEASON)])
        own = self.parameters
        return Kernel(scales, own["width"], own["season"], own["linear"])

    def _learn(self, panel: Panel, origins: IntArray) -> None:
        self._models: dict[tuple[int, int], KernelModel] = {}
        leads = np.arange(1, self.max_lead + 1)
        for step in self.parameters["origin_steps"]:
            chosen = origins[origins % STEPS_PER_DAY == step]
            features = self.features(panel, chosen)
            targets = self.targets(panel, chosen, leads)
            for place in range(len(panel.grid.locations)):
                self._models[place, int(step)] = self._solve(features[place], targets[place])

    def _solve(self, features: Float32Array, targets: Float32Array) -> KernelModel:
        known = np.flatnonzero(np.isfinite(targets[:, : len(DAY_LEADS)]).all(axis=1))
        known = known[-int(self.parameters["max_rows"]) :]
        # A missing target beyond the first day counts as normal: the rows then serve all leads.
        wanted = np.nan_to_num(targets[known].astype(np.float64))
        raw = features[known].astype(np.float64)
        return KernelModel.fit(self._kernel(), raw, wanted, self.parameters["noise"])

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        features, kernel = self.features(panel, origins).astype(np.float64), self._kernel()
        out = np.empty((len(panel.grid.locations), len(origins), len(leads)))
        # One at a time: a forecast must not depend on how many are requested with it, and BLAS
        # rounds a row differently in company.
        for place, row in enumerate(panel.rows):
            for number, step in enumerate(origins % STEPS_PER_DAY):
                model = self._model(int(row), int(step))
                out[place, number] = model.forecast(kernel, features[place, number])[leads - 1]
        return out

    def _model(self, row: int, step: int) -> KernelModel:
        if (row, step) not in self._models:
            raise OriginError(
                f"This {self.name} forecasts from the steps of the day "
                f"{list(self.parameters['origin_steps'])}, not from {step}. Add it to origin_steps "
                "and train again."
            )
        return self._models[row, step]

    def importance_values(self) -> FloatArray:
        """Root mean square slope of the first day's mean forecast along each feature."""
        kernel = self._kernel()
        squares = [
            model.slopes(kernel, len(DAY_LEADS)) for _, model in sorted(self._models.items())
        ]
        return np.asarray(np.sqrt(np.mean(squares, axis=0)), dtype=np.float64)

    def _learned_arrays(self) -> Arrays:
        return {
            f"kernel.{row}.{step}.{part}": getattr(model, field.name)
            for (row, step), model in self._models.items()
            for part, field in zip(PARTS, fields(model), strict=True)
        }

    def _restore_learned(self, arrays: Arrays, texts: Mapping[str, str]) -> None:  # noqa: ARG002
        keys = {name.rsplit(".", 1)[0] for name in arrays if name.startswith("kernel.")}
        self._models = {}
        for key in sorted(keys):
            _, row, step = key.split(".")
            parts = [arrays[f"{key}.{part}"] for part in PARTS]
            self._models[int(row), int(step)] = KernelModel(*parts)
