"""Forecasts of numerical weather prediction models: their mean, raw and bias-corrected."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.arrays import FloatArray, IntArray, known_mean, running_sums
from triptych.forecasting.contract import STEPS_PER_DAY, TEMPERATURE
from triptych.forecasting.errors import ShortHistoryError
from triptych.forecasting.features.grid import Grid
from triptych.forecasting.features.nwp import (
    PUBLICATION_DELAY_HOURS,
    lead_days_by_model,
    mean_forecasts,
    usable_forecasts,
    with_models,
)
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.base import PanelForecaster

MIN_ERRORS = 3  # observed forecasts of a model from which its bias is estimated


class NwpMeanForecaster(PanelForecaster):
    """Mean of the weather models' most recent published forecasts; NaN where there is none."""

    name: ClassVar[str] = "nwp_mean"
    uses_nwp: ClassVar[bool] = True
    min_training_days: ClassVar[int] = 0
    defaults: ClassVar[Mapping[str, Any]] = {"publication_delay_hours": PUBLICATION_DELAY_HOURS}

    def _narrowed(self, grid: Grid) -> Grid:
        """The temperature and the NWP forecasts; ShortHistoryError without them."""
        if not grid.nwp:
            raise ShortHistoryError(
                f"{self.name} needs NWP forecasts, but the history has none. Ingest them "
                "(parameter nwp.models), or leave the model out."
            )
        return grid.only(TEMPERATURE)

    def _fit(self, panel: Panel) -> None:
        self.state = {"models": np.array(list(lead_days_by_model(panel.grid.nwp)))}

    @property
    def _models(self) -> tuple[str, ...]:
        return tuple(str(model) for model in self.state["models"])

    @property
    def _delay(self) -> int:
        return int(self.parameters["publication_delay_hours"])

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The weather models' forecasts of the first step, °C."""
        return tuple(f"nwp_{model}_lead_1" for model in self._models)

    def _input_values(self, panel: Panel, origins: IntArray) -> FloatArray:
        grid, midnights = with_models(panel.grid, self._models), origins - origins % STEPS_PER_DAY
        return usable_forecasts(grid, midnights, np.array([1]), self._delay)[:, 0, :, 0]

    def forecast(self, panel: Panel, origins: IntArray, leads: IntArray, age: int) -> FloatArray:
        """Temperature in °C, (location, origin, lead); an origin within a day is its midnight's."""
        within = origins % STEPS_PER_DAY
        midnights, rows = np.unique(origins - within, return_inverse=True)
        columns = within[:, None] + leads - 1
        reach = np.arange(1, int(columns.max()) + 2)
        made = self._from_midnights(panel, midnights, reach, age)
        return np.asarray(made[:, rows[:, None], columns], dtype=np.float64)

    def _from_midnights(
        self, panel: Panel, midnights: IntArray, leads: IntArray, age: int
    ) -> FloatArray:
        del age
        return mean_forecasts(with_models(panel.grid, self._models), midnights, leads, self._delay)


class NwpDebiasedForecaster(NwpMeanForecaster):
    """The same mean, each model less its mean error of the last days at the same lead."""

    name: ClassVar[str] = "nwp_debiased"
    defaults: ClassVar[Mapping[str, Any]] = {**NwpMeanForecaster.defaults, "days": 15}

    def _from_midnights(
        self, panel: Panel, midnights: IntArray, leads: IntArray, age: int
    ) -> FloatArray:
        grid, days = with_models(panel.grid, self._models), int(self.parameters["days"])
        first = int(midnights[0]) - STEPS_PER_DAY * (days + 1) - len(leads) - age
        first -= first % STEPS_PER_DAY
        issued = np.arange(first, int(midnights[-1]) + 1, STEPS_PER_DAY)
        forecasts = usable_forecasts(grid, issued, leads, self._delay)
        observed = grid.at_steps(grid.values[TEMPERATURE], issued[:, None] + leads - 1)
        # the last issue time whose target at a lead was observed before the origin
        last = (midnights[:, None] - age - leads - first) // STEPS_PER_DAY
        errors = forecasts - observed[:, :, None]
        known = np.isfinite(errors)
        count, total = (running_sums(own, days) for own in (known, np.where(known, errors, 0.0)))
        mean = np.where(count >= MIN_ERRORS, total / np.maximum(count, 1), np.nan)
        bias = np.transpose(mean[:, last, :, np.arange(len(leads))], (2, 0, 3, 1))
        return known_mean(forecasts[:, (midnights - first) // STEPS_PER_DAY] - bias, axis=2)
