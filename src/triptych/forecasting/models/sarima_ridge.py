"""SARIMA with direct ridge projections on lagged exogenous variables."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.features.exogenous import (
    LAGS,
    LAGS_0_1,
    lagged,
    lagged_names,
    season,
    season_names,
)
from triptych.forecasting.features.grid import FloatArray, IntArray
from triptych.forecasting.features.panel import Panel, moments, standardise, weighted_sum
from triptych.forecasting.models.arima import SHOWN_LAGS, SarimaForecaster
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.learned import LearnedForecaster

TABLES = ("center", "spread", "response")  # names in storage


class SarimaRidgeForecaster(SarimaForecaster):
    """SARIMA of the anomaly, plus ridge regressions of its errors on lagged exogenous variables.

    forecast(lead) = forecast of the process + b(step of the day of the origin, lead)' x, where x
    holds lagged observations of the other variables, alone and times solar elevation and annual
    harmonics. Each lead has its own b, because x at the target time is unknown (local projections:
    Jordà, Am. Econ. Rev. 95, 2005, 161-182).

    Parameters: those of SARIMA; `harmonics` of the year; `alpha_per_lead`,
    the ridge penalty of lead 1.
    """

    name: ClassVar[str] = "sarima_ridge"
    defaults: ClassVar[Mapping[str, Any]] = {
        **SarimaForecaster.defaults,
        "harmonics": 1,
        "alpha_per_lead": 10.0,
    }
    _lags = LAGS
    _tables: Arrays  # each (location, step of day, …): TABLES

    def _fit(self, panel: Panel) -> None:
        super()._fit(panel)
        origins, leads = panel.grid.steps[STEPS_PER_DAY:], np.arange(1, self.max_lead + 1)
        by_step = []
        for step in range(STEPS_PER_DAY):
            chosen = origins[origins % STEPS_PER_DAY == step]
            truth = LearnedForecaster.targets(panel, chosen, leads)
            errors = truth - super()._anomaly(panel, chosen, leads)
            rows = zip(self._design(panel, chosen), errors, strict=True)
            by_step.append([_ridge(*pair, self.parameters["alpha_per_lead"]) for pair in rows])
        self._tables = {
            name: np.stack([[fit[place] for fit in fits] for fits in by_step], axis=1)
            for place, name in enumerate(TABLES)
        }

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        out = super()._anomaly(panel, origins, leads)
        for step in np.unique(origins % STEPS_PER_DAY):
            here = origins % STEPS_PER_DAY == step
            mean, scale, response = (self._tables[name][panel.rows, step] for name in TABLES)
            design = self._design(panel, origins[here])
            standard = standardise(design, mean[:, None], scale[:, None])
            out[:, here] += weighted_sum(standard, response[:, :, leads - 1])
        return out

    def _design(self, panel: Panel, origins: IntArray) -> FloatArray:
        """Lagged observations, then their products with the season: (location, origin, column)."""
        observed = lagged(panel, origins, self._lags)
        calendar = season(panel, origins, self.parameters["harmonics"])
        products = [observed * calendar[:, :, column, None] for column in range(calendar.shape[2])]
        return np.concatenate([observed, *products], axis=2)

    @property
    def _lagged_names(self) -> tuple[str, ...]:
        return lagged_names(self.fitted.climatology.coefficients, self._lags)

    @property
    def _season_names(self) -> tuple[str, ...]:
        return season_names(self.parameters["harmonics"])

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The last anomalies of temperature, then the exogenous variables."""
        own = super().feature_names
        others = tuple(name for name in self._lagged_names if name not in own)
        return own + others + self._season_names

    def input_values(self, panel: Panel, origins: IntArray) -> FloatArray:
        """The last anomalies and the exogenous variables, shape (location, feature)."""
        own = super().feature_names
        others = [name not in own for name in self._lagged_names]
        values: list[npt.NDArray[Any]] = [
            super().input_values(panel, origins),
            lagged(panel, origins, self._lags)[:, 0, others],
            season(panel, origins, self.parameters["harmonics"])[:, 0],
        ]
        return np.concatenate(values, axis=1).astype(np.float64)

    def importance_values(self) -> FloatArray:
        """Mean absolute standardised coefficient over the first day, of a product for both factors;
        for past anomalies also their weight in the process.
        """
        shape = (1 + len(self._season_names), len(self._lagged_names))
        size = (
            np.abs(self._tables["response"][..., :STEPS_PER_DAY])
            .mean(axis=(0, 1, 3))
            .reshape(shape)
        )
        table = dict.fromkeys(self.feature_names, 0.0)
        weights = super().importance_values()
        for names, values in (
            (self.feature_names[:SHOWN_LAGS], weights),
            (self._lagged_names, size.sum(axis=0)),
            (self._season_names, size[1:].sum(axis=1)),
        ):
            for name, value in zip(names, values, strict=True):
                table[name] += float(value)
        return np.array([table[name] for name in self.feature_names])

    def arrays(self) -> Arrays:
        """The regression of each location and step of the day."""
        return self._tables

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> None:
        """Restore from `arrays` and `texts`."""
        super().restore(arrays, texts)
        self._tables = {name: arrays[name] for name in TABLES}
        width = len(self._lagged_names) * (1 + len(self._season_names))
        if self._tables["response"].shape[2] != width:
            self._lags = LAGS_0_1


def _ridge(design: FloatArray, errors: FloatArray, alpha: float) -> list[FloatArray]:
    """TABLES of the rows of `design` and `errors` (row, lead); an unknown error counts as none.

    The penalty grows with the lead: the farther, the less there is to find in as many rows.
    """
    mean, scale = moments(design)
    standard = standardise(design, mean, scale)
    values, vectors = np.linalg.eigh(standard.T @ standard)  # serves every lead
    moment = vectors.T @ (standard.T @ np.nan_to_num(errors))
    leads = np.arange(1, errors.shape[1] + 1)
    return [mean, scale, vectors @ (moment / (values[:, None] + alpha * leads))]
