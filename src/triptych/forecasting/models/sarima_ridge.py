"""SARIMA with direct ridge projections on lagged exogenous variables."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.forecasting.arrays import Arrays, FloatArray, IntArray
from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.features import feature_table
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models import ridge
from triptych.forecasting.models.anomaly import anomaly_targets
from triptych.forecasting.models.arima import SarimaForecaster

TABLES = ("center", "spread", "response")  # names in storage


class SarimaRidgeForecaster(SarimaForecaster):
    """SARIMA of the anomaly, plus ridge regressions of its errors on lagged exogenous variables.

    forecast(lead) = forecast of the process + b(step of the day of the origin, lead)' x, where x
    holds lagged observations of the other variables, alone and times solar elevation and annual
    harmonics (local projections: Jordà, Am. Econ. Rev. 95, 2005, 161-182).

    Parameters: those of SARIMA; `harmonics` of the year; `alpha_per_lead`, the penalty of lead 1.
    """

    name: ClassVar[str] = "sarima_ridge"
    defaults: ClassVar[Mapping[str, Any]] = {
        **SarimaForecaster.defaults,
        "harmonics": 1,
        "alpha_per_lead": 10.0,
    }
    _lags = feature_table.LAGS

    def _fit(self, panel: Panel) -> None:
        super()._fit(panel)
        leads, by_sarima = np.arange(1, self.max_lead + 1), super()._anomaly

        def rows(chosen: IntArray) -> ridge.Rows:
            truth = anomaly_targets(panel, chosen, leads)
            return self._design(panel, chosen), truth - by_sarima(panel, chosen, leads)

        self.state = ridge.fit_by_step(TABLES, panel.grid.steps[STEPS_PER_DAY:], rows, self._solve)

    def _solve(self, design: FloatArray, errors: FloatArray) -> ridge.Fit:
        """TABLES of the rows of `design` and `errors` (row, lead); an unknown error counts as none.
        The penalty grows with the lead: the farther, the less there is to find in as many rows.
        """
        mean, scale = ridge.moments(design)
        standard = ridge.standardise(design, mean, scale)
        values, vectors = np.linalg.eigh(standard.T @ standard)  # serves every lead
        moment = vectors.T @ (standard.T @ np.nan_to_num(errors))
        alpha = self.parameters["alpha_per_lead"] * np.arange(1, errors.shape[1] + 1)
        return [mean, scale, vectors @ (moment / (values[:, None] + alpha))]

    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        tables = [self.state[name] for name in TABLES]
        return super()._anomaly(panel, origins, leads) + ridge.forecast_by_step(
            tables, panel.rows, lambda at: self._design(panel, at), origins, leads
        )

    def _design(self, panel: Panel, origins: IntArray) -> FloatArray:
        """Lagged observations, then their products with the season: (location, origin, column)."""
        observed = feature_table.lagged(panel, origins, self._lags)
        calendar = feature_table.season(panel, origins, self.parameters["harmonics"])
        products = [observed * calendar[:, :, column, None] for column in range(calendar.shape[2])]
        return np.concatenate([observed, *products], axis=2)

    @property
    def _lagged_names(self) -> tuple[str, ...]:
        return feature_table.lagged_names(self.fitted.coefficients, self._lags)

    @property
    def _season_names(self) -> tuple[str, ...]:
        return feature_table.season_names(self.parameters["harmonics"])

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The last anomalies of temperature, then the exogenous variables."""
        names = (*super().feature_names, *self._lagged_names, *self._season_names)
        return tuple(dict.fromkeys(names))

    def _input_values(self, panel: Panel, origins: IntArray) -> FloatArray:
        own = super().feature_names
        others = [name not in own for name in self._lagged_names]
        values: list[npt.NDArray[Any]] = [
            super()._input_values(panel, origins),
            feature_table.lagged(panel, origins, self._lags)[:, 0, others],
            feature_table.season(panel, origins, self.parameters["harmonics"])[:, 0],
        ]
        return np.concatenate(values, axis=1).astype(np.float64)

    def _importance_values(self) -> FloatArray:
        """Mean absolute coefficients over the first day, and the process's weights."""
        lags, seasons = self._lagged_names, self._season_names
        first_day = np.abs(self.state["response"][..., :STEPS_PER_DAY]).mean(axis=(0, 1, 3))
        size = first_day.reshape(1 + len(seasons), len(lags))
        values = [super()._importance_values(), size.sum(axis=0), size[1:].sum(axis=1)]
        named = pd.Series(np.concatenate(values), [*super().feature_names, *lags, *seasons])
        return named.groupby(level=0).sum()[list(self.feature_names)].to_numpy(dtype=np.float64)

    def restore(self, state: Arrays, texts: Mapping[str, str]) -> None:
        """Take what was stored; models of version 0.1 have more lags."""
        super().restore(state, texts)
        width = len(self._lagged_names) * (1 + len(self._season_names))
        if state["response"].shape[2] != width:
            self._lags = feature_table.LAGS_0_1
