"""Model output statistics (MOS): the temperature regressed on the forecasts of weather models."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.errors import ShortHistoryError
from triptych.forecasting.features.grid import TEMPERATURE, FloatArray, Grid, IntArray
from triptych.forecasting.features.nwp import (
    at_steps,
    lead_days_by_model,
    recent_errors,
    usable_forecasts,
    with_models,
)
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.base import Arrays
from triptych.forecasting.models.moment_regression import MomentRegression
from triptych.forecasting.models.nwp import NwpMeanForecaster

ERRORS = 4  # of each model, the most recent ones before the origin
OVERLAP = 2  # steps of the day before among the explanatory variables


class MosForecaster(NwpMeanForecaster):
    """Ridge regression of each day's eight steps on what the weather models forecast for them.

    One regression a location and forecast day. Explanatory variables: every model's published
    forecasts of the day and of two steps before it, and its last four errors. Recent days count
    more (`half_life_days`). Each day of the history before an origin brings the regression up to
    date, as a daily refit would; variables missing at an origin are left out. NaN where no model
    covers the day, and for locations with fewer than `min_days` complete days.
    """

    name: ClassVar[str] = "mos"
    min_training_days: ClassVar[int] = 120
    defaults: ClassVar[Mapping[str, Any]] = {
        **NwpMeanForecaster.defaults,
        "half_life_days": 365,
        "min_days": 100,
    }
    _days: tuple[MomentRegression, ...] = ()

    def _fit(self, panel: Panel) -> None:
        grid = panel.grid
        super()._fit(panel)
        lead_days = lead_days_by_model(grid.nwp)
        midnights = _midnights(grid.first, grid.end)
        self._days = tuple(
            self._fit_day(grid, midnights, day)
            for day in range(-(-self.max_lead // STEPS_PER_DAY))
            if day < max(max(own) for own in lead_days.values())
        )
        if not self._days[0].used.any():
            raise ShortHistoryError(
                f"{self.name} needs {self.parameters['min_days']} days with NWP forecasts and "
                "observed temperatures, but no location has them. Ingest earlier forecasts "
                "(nwp.start), or leave the model out."
            )

    def _fit_day(self, grid: Grid, midnights: IntArray, day: int) -> MomentRegression:
        x, y = self._variables(grid, midnights, day, 0), _targets(grid, midnights, day)
        since = self._observed_from(grid.end, day) - midnights
        weight = self._decay ** (since / STEPS_PER_DAY)
        y[:, since < 0] = np.nan
        return MomentRegression.fit(x, y, weight, int(self.parameters["min_days"]))

    @property
    def _decay(self) -> float:
        return float(0.5 ** (1 / float(self.parameters["half_life_days"])))

    @staticmethod
    def _observed_from(end: int, day: int) -> int:
        """The last midnight whose forecast day is observed before step `end`."""
        return end - end % STEPS_PER_DAY - STEPS_PER_DAY * (day + 1)

    def _variables(self, grid: Grid, midnights: IntArray, day: int, age: int) -> FloatArray:
        """Explanatory variables, shape (location, midnight, variable)."""
        values = [
            usable_forecasts(grid, midnights, _leads(day), self.delay_hours),
            recent_errors(grid, midnights, ERRORS, age),
        ]
        table = np.concatenate(values, axis=3)
        return table.reshape(*table.shape[:2], table.shape[2] * table.shape[3])

    def _from_midnights(
        self, panel: Panel, midnights: IntArray, leads: IntArray, age: int
    ) -> FloatArray:
        grid = with_models(panel.grid, self._models)
        made = np.full((len(grid.locations), len(midnights), len(leads)), np.nan)
        for day, regression in enumerate(self._days):
            columns = np.flatnonzero((leads - 1) // STEPS_PER_DAY == day)
            if len(columns):
                table = self._forecast_day(panel, grid, midnights, regression, day, age)
                made[..., columns] = table[..., (leads[columns] - 1) % STEPS_PER_DAY]
        return made

    def _forecast_day(
        self,
        panel: Panel,
        grid: Grid,
        midnights: IntArray,
        regression: MomentRegression,
        day: int,
        age: int,
    ) -> FloatArray:
        """Forecasts of one day ahead, the regression brought up to each midnight before it."""
        own = regression.rows(panel.rows)
        done = self._observed_from(self.fitted.end, day)
        new = np.arange(
            max(done + STEPS_PER_DAY, _midnights(grid.first, grid.end)[0]),
            self._observed_from(int(midnights[-1]) - age, day) + 1,
            STEPS_PER_DAY,
        )
        x, y = self._variables(grid, new, day, 0), _targets(grid, new, day)
        at = self._variables(grid, midnights, day, age)
        made = np.empty((len(grid.locations), len(midnights), STEPS_PER_DAY))
        place = 0
        for column, midnight in enumerate(midnights):
            until = self._observed_from(int(midnight) - age, day)
            while place < len(new) and new[place] <= until:
                own.advance(x[:, place], y[:, place], self._decay)
                place += 1
            made[:, column] = own.predict(at[:, column])
        return made

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Explanatory variables of the first day, °C."""
        forecasts = [f"lead_{lead}" for lead in _leads(0)]
        errors = [f"error_{step}_before" for step in range(1, ERRORS + 1)]
        return tuple(
            f"nwp_{model}_{name}" for model in self._models for name in (*forecasts, *errors)
        )

    def input_values(self, panel: Panel, origins: IntArray) -> FloatArray:
        """Explanatory variables of the first day of a forecast, shape (location, variable)."""
        grid = with_models(panel.grid, self._models)
        return self._variables(grid, origins - origins % STEPS_PER_DAY, 0, 0)[:, 0]

    def importance_values(self) -> FloatArray:
        """Mean absolute weight of each standardised variable, over locations and steps."""
        return self._days[0].importance()

    def arrays(self) -> Arrays:
        """The regressions of each day."""
        return super().arrays() | {
            f"day{day}.{name}": values
            for day, regression in enumerate(self._days)
            for name, values in regression.arrays().items()
        }

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> None:
        """Take back what `arrays` gave."""
        super().restore(arrays, texts)
        days = sum(name.endswith(".alpha") for name in arrays)
        self._days = tuple(
            MomentRegression(*(arrays[f"day{day}.{name}"] for name in MomentRegression.NAMES))
            for day in range(days)
        )


def _leads(day: int) -> IntArray:
    """The leads among the explanatory variables of a forecast day (0: the first)."""
    first = STEPS_PER_DAY * day + 1
    return np.arange(max(1, first - OVERLAP), first + STEPS_PER_DAY)


def _midnights(first: int, end: int) -> IntArray:
    return np.arange(-(-first // STEPS_PER_DAY) * STEPS_PER_DAY, end, STEPS_PER_DAY)


def _targets(grid: Grid, midnights: IntArray, day: int) -> FloatArray:
    """Temperatures of a forecast day, shape (location, midnight, step)."""
    steps = midnights[:, None] + STEPS_PER_DAY * day + np.arange(STEPS_PER_DAY)
    return at_steps(grid.values[TEMPERATURE], grid, steps)
