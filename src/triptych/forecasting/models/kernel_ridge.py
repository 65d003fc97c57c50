"""Kernel ridge regression of the anomaly: days like this one, by state, tendency and season."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from triptych.forecasting.arrays import Float32Array, FloatArray, IntArray
from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.anomaly import LearnedForecaster, anomaly_targets
from triptych.forecasting.models.ridge import moments, standardise

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

    def slopes(self, design: Float32Array, dual: FloatArray) -> FloatArray:
        """Mean square slope of a forecast along each standardised feature (Radhakrishnan et al.,
        Science 383, 2024, 1461-1467); 0 for the season.
        """
        rows = design[-SLOPE_ROWS:].astype(np.float64)
        dual = dual[-SLOPE_ROWS:]
        state, season = rows[:, : -len(SEASON)], rows[:, -len(SEASON) :]
        _, distance = _products(state, state)
        _, apart = _products(season, season)
        decay = np.exp(-np.sqrt(3 * distance) * self.width - self.season * apart)
        pull = 3 * self.width**2 * decay * dual
        slopes = pull @ state - pull.sum(axis=1)[:, None] * state + self.linear * (dual @ state)
        return np.append(np.square(slopes * self.scales).mean(axis=0), np.zeros(len(SEASON)))


def _dual(system: FloatArray, wanted: FloatArray, noise: float) -> FloatArray:
    """(K + noise I)⁻¹ wanted, with the noise of each lead (column)."""
    parts, added = [], 0.0
    for first, last, factor in NOISE:
        if first <= wanted.shape[1]:
            system[np.diag_indices(len(system))] += noise * factor - added
            parts.append(np.linalg.solve(system, wanted[:, first - 1 : last]))
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
    recent_wind = variable.startswith("wind") and (kind == "mean" or number <= RECENT_WIND)
    if variable == "shortwave_radiation":
        scale = BACKGROUND
    elif recent_wind or kind == "change" or (kind == "lag" and number == 1):
        scale = PRESENT
    else:
        scale = 0.0 if kind == "lag" else BACKGROUND
    return scale * (FARTHER_NEIGHBOUR if rank is not None and int(rank) > 1 else 1.0)


class KernelRidgeForecaster(LearnedForecaster):
    """Kernel ridge regression (Saunders, Gammerman and Vovk, ICML 1998, 515-521), one model for
    each location and step of the day.

    `noise`: its variance on the first day; `width`: inverse length scale; `season`: inverse square
    length scale on the unit circle of the year; `linear`: variance of the linear part; `max_rows`:
    latest days used; `origin_steps`: steps of the day to forecast from.
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
        names = np.array(self._origin_names)
        return (*names[feature_scales(names) > 0].tolist(), *SEASON)

    def features(self, panel: Panel, origins: IntArray) -> Float32Array:
        """Features of the origins, shape (location, origin, feature)."""
        wanted = [self._origin_names.index(name) for name in self.feature_names]
        return super().features(panel, origins)[:, :, wanted]

    def _kernel(self) -> Kernel:
        scales = feature_scales(self.feature_names[: -len(SEASON)])
        own = self.parameters
        return Kernel(scales, own["width"], own["season"], own["linear"])

    def _fit(self, panel: Panel) -> None:
        origins, kernel = self._training_origins(panel), self._kernel()
        leads = np.arange(1, self.max_lead + 1)
        for step in self.parameters["origin_steps"]:
            chosen = origins[origins % STEPS_PER_DAY == step]
            features = self.features(panel, chosen)
            targets = anomaly_targets(panel, chosen, leads)
            for place in range(len(panel.grid.locations)):
                fit = self._solve(kernel, features[place], targets[place])
                for part, values in zip(PARTS, fit, strict=True):
                    self.state[f"kernel.{place}.{step}.{part}"] = values

    def _solve(
        self, kernel: Kernel, features: Float32Array, targets: Float32Array
    ) -> list[npt.NDArray[Any]]:
        """PARTS: moments of the features, the rows, the targets' mean and `dual` (row, lead)."""
        known = np.flatnonzero(np.isfinite(targets[:, : len(DAY_LEADS)]).all(axis=1))
        known = known[-int(self.parameters["max_rows"]) :]
        # A missing target beyond the first day counts as normal: the rows then serve all leads.
        wanted = np.nan_to_num(targets[known].astype(np.float64))
        raw = features[known].astype(np.float64)
        moment = moments(raw[:, : -len(SEASON)])
        design = kernel.design(raw, *moment)
        mean = wanted.sum(axis=0) / max(len(wanted), 1)
        dual = _dual(kernel.covariance(design, design), wanted - mean, self.parameters["noise"])
        return [*moment, design, mean, dual]

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        features, kernel = self.features(panel, origins).astype(np.float64), self._kernel()
        out = np.empty((len(panel.grid.locations), len(origins), len(leads)))
        # One at a time: a forecast must not depend on how many are requested with it, and BLAS
        # rounds a row differently in company.
        for place, row in enumerate(panel.rows):
            for number, step in enumerate(origins % STEPS_PER_DAY):
                center, spread, design, mean, dual = self._model(int(row), int(step))
                here = kernel.design(features[place, number][None], center, spread)
                made = mean + kernel.covariance(here, design)[0] @ dual
                out[place, number] = made[leads - 1]
        return out

    def _model(self, row: int, step: int) -> list[npt.NDArray[Any]]:
        """PARTS of a location and step of the day."""
        if f"kernel.{row}.{step}.{PARTS[0]}" not in self.state:
            raise ForecastingError(
                f"This {self.name} forecasts from the steps of the day "
                f"{list(self.parameters['origin_steps'])}, not from {step}. Add it to origin_steps "
                "and train again."
            )
        return [self.state[f"kernel.{row}.{step}.{part}"] for part in PARTS]

    def _importance_values(self) -> FloatArray:
        """Root mean square slope of the first day's mean forecast along each feature."""
        kernel, squares = self._kernel(), []
        for row in range(len(self.locations)):
            for step in sorted(self.parameters["origin_steps"]):
                _, _, design, _, dual = self._model(row, step)
                squares.append(kernel.slopes(design, dual[:, : len(DAY_LEADS)].mean(axis=1)))
        return np.asarray(np.sqrt(np.mean(squares, axis=0)), dtype=np.float64)
