"""Kernel ridge regression of the anomaly: days like this one, by state, tendency and season."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.errors import OriginError
from triptych.forecasting.features.feature_table import origin_feature_names
from triptych.forecasting.features.grid import FloatArray, IntArray
from triptych.forecasting.features.panel import Float32Array, Panel
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.kernel_regression import Kernel, KernelModel
from triptych.forecasting.models.kernel_scales import feature_scales
from triptych.forecasting.models.learned import LearnedForecaster

SEASON = ("year_cos", "year_sin")
PARTS = ("center", "spread", "design", "mean", "dual")


class KernelRidgeForecaster(LearnedForecaster):
    """Kernel ridge regression, one model for each location and step of the day.

    Parameters: `penalty` (noise variance on the first day), `width` (inverse length scale),
    `season` (inverse square length scale on the unit circle of the year), `linear` (variance of the
    linear part), `max_rows` (latest days used), `origin_steps` (steps of the day to forecast from),
    `neighbours`.
    """

    name: ClassVar[str] = "kernel_ridge"
    defaults: ClassVar[Mapping[str, Any]] = {
        "penalty": 0.1,
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
        for slot in self.parameters["origin_steps"]:
            chosen = origins[origins % STEPS_PER_DAY == slot]
            features = self.features(panel, chosen)
            targets = self.targets(panel, chosen, leads)
            for place in range(len(panel.grid.locations)):
                self._models[place, int(slot)] = self._solve(features[place], targets[place])

    def _solve(self, features: Float32Array, targets: Float32Array) -> KernelModel:
        known = np.flatnonzero(np.isfinite(targets[:, : len(DAY_LEADS)]).all(axis=1))
        known = known[-int(self.parameters["max_rows"]) :]
        # A missing target beyond the first day counts as normal: the rows then serve all leads.
        wanted = np.nan_to_num(targets[known].astype(np.float64))
        raw = features[known].astype(np.float64)
        return KernelModel.fit(self._kernel(), raw, wanted, self.parameters["penalty"])

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        features, kernel = self.features(panel, origins).astype(np.float64), self._kernel()
        out = np.empty((len(panel.grid.locations), len(origins), len(leads)))
        # One at a time: a forecast must not depend on how many are asked for with it, and BLAS
        # rounds a row differently in company.
        for place, row in enumerate(panel.rows):
            for number, slot in enumerate(origins % STEPS_PER_DAY):
                model = self._model(int(row), int(slot))
                out[place, number] = model.forecast(kernel, features[place, number])[leads - 1]
        return out

    def _model(self, row: int, slot: int) -> KernelModel:
        if (row, slot) not in self._models:
            raise OriginError(
                f"This {self.name} forecasts from the steps of the day "
                f"{list(self.parameters['origin_steps'])}, not from {slot}. Add it to origin_steps "
                "and train again."
            )
        return self._models[row, slot]

    def importance_values(self) -> FloatArray:
        """Root mean square slope of the first day's mean forecast along each feature."""
        kernel = self._kernel()
        squares = [
            model.slopes(kernel, len(DAY_LEADS)) for _, model in sorted(self._models.items())
        ]
        return np.asarray(np.sqrt(np.mean(squares, axis=0)), dtype=np.float64)

    def _learned_arrays(self) -> Arrays:
        return {
            f"kernel.{row}.{slot}.{part}": getattr(model, part)
            for (row, slot), model in self._models.items()
            for part in PARTS
        }

    def _restore_learned(self, arrays: Arrays, texts: Mapping[str, str]) -> None:  # noqa: ARG002
        keys = {name.rsplit(".", 1)[0] for name in arrays if name.startswith("kernel.")}
        self._models = {}
        for key in sorted(keys):
            _, row, slot = key.split(".")
            parts = [arrays[f"{key}.{part}"] for part in PARTS]
            self._models[int(row), int(slot)] = KernelModel(*parts)
