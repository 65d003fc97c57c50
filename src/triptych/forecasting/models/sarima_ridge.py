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
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.features.scaling import moments, standardise, weighted_sum
from triptych.forecasting.models.arima import SHOWN_LAGS, SarimaForecaster
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.learned import LearnedForecaster


class SarimaRidgeForecaster(SarimaForecaster):
    """SARIMA of the anomaly, plus ridge regressions of its errors on lagged exogenous variables.

    forecast(lead) = forecast of the process + b(step of the day of the origin, lead)' x, where x
    holds lagged observations of the other variables, alone and times solar elevation and annual
    harmonics. Each lead has its own b, because x at the target time is unknown (local projections:
    Jordà, Am. Econ. Rev. 95, 2005, 161-182).

    Parameters: those of SARIMA; `harmonics` of the year; `penalty`, in rows of standardised x a
    lead.
    """

    name: ClassVar[str] = "sarima_ridge"
    defaults: ClassVar[Mapping[str, Any]] = {
        **SarimaForecaster.defaults,
        "harmonics": 1,
        "penalty": 10.0,
    }
    _lags = LAGS

    def _fit(self, panel: Panel) -> None:
        super()._fit(panel)
        width = len(self._lagged_names) * (1 + len(self._season_names))
        shape = (len(panel.grid.locations), STEPS_PER_DAY, width)
        self._center, self._spread = np.zeros(shape), np.ones(shape)
        self._response = np.zeros((*shape, self.max_lead))
        for slot in range(STEPS_PER_DAY):
            known = panel.grid.steps[STEPS_PER_DAY:]
            self._learn(panel, slot, known[known % STEPS_PER_DAY == slot])

    def _learn(self, panel: Panel, slot: int, origins: IntArray) -> None:
        leads = np.arange(1, self.max_lead + 1)
        truth = LearnedForecaster.targets(panel, origins, leads)
        errors = truth - super()._anomaly(panel, origins, leads)
        design = self._design(panel, origins)
        for place in range(len(errors)):
            at = (place, slot)
            self._center[at], self._spread[at] = moments(design[place])
            standard = standardise(design[place], self._center[at], self._spread[at])
            self._response[at] = _ridge(standard, errors[place], self.parameters["penalty"])

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        out = super()._anomaly(panel, origins, leads)
        for slot in np.unique(origins % STEPS_PER_DAY):
            here = origins % STEPS_PER_DAY == slot
            at = (panel.rows, slot)
            design = self._design(panel, origins[here])
            standard = standardise(design, self._center[at][:, None], self._spread[at][:, None])
            out[:, here] += weighted_sum(standard, self._response[at][:, :, leads - 1])
        return out

    def _design(self, panel: Panel, origins: IntArray) -> FloatArray:
        """Columns of x, shape (location, origin, column): the lagged observations alone, then times
        each column of the season.
        """
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
        """Mean absolute standardised coefficient in the first day's forecasts, that of a product
        counted for both its factors; for past anomalies also their weight in the process.
        """
        shape = (1 + len(self._season_names), len(self._lagged_names))
        size = np.abs(self._response[..., :STEPS_PER_DAY]).mean(axis=(0, 1, 3)).reshape(shape)
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
        return {"center": self._center, "spread": self._spread, "response": self._response}

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> None:
        """Take back what `arrays` and `texts` gave."""
        super().restore(arrays, texts)
        self._center, self._spread = arrays["center"], arrays["spread"]
        self._response = arrays["response"]
        width = len(self._lagged_names) * (1 + len(self._season_names))
        if self._response.shape[2] != width:
            self._lags = LAGS_0_1


def _ridge(design: FloatArray, errors: FloatArray, penalty: float) -> FloatArray:
    """Coefficients of each column of `errors`, shape (column of design, lead).

    The penalty grows with the lead: the farther, the less there is to find in as many rows. One
    decomposition serves every lead; an error that is not known counts as none.
    """
    values, vectors = np.linalg.eigh(design.T @ design)
    moment = vectors.T @ (design.T @ np.nan_to_num(errors))
    leads = np.arange(1, errors.shape[1] + 1)
    return np.asarray(vectors @ (moment / (values[:, None] + penalty * leads)), dtype=np.float64)
