"""Model output statistics (MOS): the temperature regressed on the forecasts of weather models."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.errors import ShortHistoryError
from triptych.forecasting.features.grid import TEMPERATURE, FloatArray, Grid, IntArray
from triptych.forecasting.features.nwp import lead_days_by_model, recent_errors, with_models
from triptych.forecasting.features.panel import Panel
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

    def _fit(self, panel: Panel) -> None:
        super()._fit(panel)
        reach = max(max(days) for days in lead_days_by_model(panel.grid.nwp).values())
        for day in range(min(reach, -(-self.max_lead // STEPS_PER_DAY))):
            for name, values in self._fit_day(panel.grid, day).arrays().items():
                self.state[f"day{day}.{name}"] = values
        if not self.state["day0.used"].any():
            raise ShortHistoryError(
                f"{self.name} needs {self.parameters['min_days']} days with NWP forecasts and "
                "observed temperatures, but no location has them. Ingest earlier forecasts "
                "(nwp.start), or leave the model out."
            )

    def _fit_day(self, grid: Grid, day: int) -> MomentRegression:
        midnights = np.arange(_next_midnight(grid.first), grid.end, STEPS_PER_DAY)
        x, y = self._variables(grid, midnights, day, 0), _targets(grid, midnights, day)
        since = _observed_from(grid.end, day) - midnights
        weight = self._decay ** (since / STEPS_PER_DAY)
        y[:, since < 0] = np.nan
        return MomentRegression.fit(x, y, weight, int(self.parameters["min_days"]))

    def _day(self, day: int) -> MomentRegression:
        """The regressions of a forecast day."""
        names = (field.name for field in fields(MomentRegression))
        return MomentRegression(*(self.state[f"day{day}.{name}"] for name in names))

    @property
    def _decay(self) -> float:
        return float(0.5 ** (1 / float(self.parameters["half_life_days"])))

    def _variables(self, grid: Grid, midnights: IntArray, day: int, age: int) -> FloatArray:
        """Explanatory variables, shape (location, midnight, variable)."""
        values = [
            self._usable(grid, midnights, _leads(day)),
            recent_errors(grid, midnights, ERRORS, age),
        ]
        table = np.concatenate(values, axis=3)
        return table.reshape(*table.shape[:2], table.shape[2] * table.shape[3])

    def _from_midnights(
        self, panel: Panel, midnights: IntArray, leads: IntArray, age: int
    ) -> FloatArray:
        made = np.full((len(panel.grid.locations), len(midnights), len(leads)), np.nan)
        for day in range(sum(name.endswith(".alpha") for name in self.state)):
            columns = np.flatnonzero((leads - 1) // STEPS_PER_DAY == day)
            if len(columns):
                table = self._forecast_day(panel, midnights, day, age)
                made[..., columns] = table[..., (leads[columns] - 1) % STEPS_PER_DAY]
        return made

    def _forecast_day(self, panel: Panel, midnights: IntArray, day: int, age: int) -> FloatArray:
        """Forecasts of one day ahead, the regression brought up to each midnight before it."""
        grid = with_models(panel.grid, self._models)
        own = self._day(day).rows(panel.rows)
        new = np.arange(
            max(_observed_from(self.fitted.end, day) + STEPS_PER_DAY, _next_midnight(grid.first)),
            _observed_from(int(midnights[-1]) - age, day) + 1,
            STEPS_PER_DAY,
        )
        x, y = self._variables(grid, new, day, 0), _targets(grid, new, day)
        at = self._variables(grid, midnights, day, age)
        made = np.empty((len(grid.locations), len(midnights), STEPS_PER_DAY))
        place = 0
        for column, midnight in enumerate(midnights):
            until = _observed_from(int(midnight) - age, day)
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

    def _input_values(self, panel: Panel, origins: IntArray) -> FloatArray:
        grid = with_models(panel.grid, self._models)
        return self._variables(grid, origins - origins % STEPS_PER_DAY, 0, 0)[:, 0]

    def _importance_values(self) -> FloatArray:
        """Mean absolute weight of each standardised variable, over locations and steps."""
        return self._day(0).importance()


def _leads(day: int) -> IntArray:
    """The leads among the explanatory variables of a forecast day (0: the first)."""
    first = STEPS_PER_DAY * day + 1
    return np.arange(max(1, first - OVERLAP), first + STEPS_PER_DAY)


def _next_midnight(step: int) -> int:
    return -(-step // STEPS_PER_DAY) * STEPS_PER_DAY


def _observed_from(end: int, day: int) -> int:
    """The last midnight whose forecast day is observed before step `end`."""
    return end - end % STEPS_PER_DAY - STEPS_PER_DAY * (day + 1)


def _targets(grid: Grid, midnights: IntArray, day: int) -> FloatArray:
    """Temperatures of a forecast day, shape (location, midnight, step)."""
    steps = midnights[:, None] + STEPS_PER_DAY * day + np.arange(STEPS_PER_DAY)
    return grid.at_steps(grid.values[TEMPERATURE], steps)
