"""What every forecaster shares: frames, climatology, intervals and what it learned."""

import logging
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.execution.parallel import one_blas_thread
from triptych.forecasting.arrays import Arrays, FloatArray, IntArray
from triptych.forecasting.contract import STEP, STEP_HOURS
from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.conformal import Intervals
from triptych.forecasting.features.grid import (
    MIN_TRAINING_DAYS,
    Grid,
    check_enough,
    check_leads,
    check_origins,
    step_times,
    to_grid,
)
from triptych.forecasting.features.panel import (
    SHOWN,
    Climatology,
    Panel,
    fit_climatology,
    harmonics_of,
    join_climatologies,
    long_frame,
    to_panel,
    with_wind_components,
)
from triptych.forecasting.statespace.arma_fit import MapParts, at_once

logger = logging.getLogger(__name__)


FittedPart = tuple[Climatology, Arrays]


class PanelForecaster:
    """Base of the forecasters of the 3-hour mean temperature at every location of a history.

    A history is a long frame, one row a location and 3-hour step: `location, time` (its start,
    UTC), `latitude, longitude`, the weather variables and the three hourly temperatures
    `temperature_2m_h0, _h1, _h2`.

    A subclass learns `state` (arrays by name) and `texts` from the training panel and forecasts
    from them; they are what is stored.
    """

    name: ClassVar[str]
    uses_nwp: ClassVar[bool] = False
    min_training_days: ClassVar[int] = MIN_TRAINING_DAYS
    defaults: ClassVar[Mapping[str, Any]] = {}

    def __init__(
        self, parameters: Mapping[str, Any] | None = None, *, max_lead: int = 8, seed: int = 0
    ) -> None:
        """Merge `parameters` over the defaults; ForecastingError for an unknown one."""
        given = dict(parameters or {})
        unknown = sorted(set(given) - set(self.defaults))
        if unknown:
            raise ForecastingError(
                f"{self.name} has no parameter {', '.join(unknown)}; it has "
                f"{', '.join(sorted(self.defaults)) or 'none'}. Correct the forecast parameters."
            )
        self.parameters: dict[str, Any] = {**self.defaults, **given}
        self.max_lead, self.seed = max_lead, seed
        self.map_parts: MapParts = at_once  # an engine's, for fits that can be split
        self.climatology: Climatology | None = None
        self.intervals: Intervals | None = None
        self.members: list[PanelForecaster] = []
        self.state: Arrays = {}
        self.texts: dict[str, str] = {}

    def fit(self, history: pd.DataFrame) -> Self:
        """Learn from the whole of `history`; ShortHistoryError for too few days of temperatures."""
        with one_blas_thread():
            return self.fit_panel(self._prepare(history))

    def fit_panel(self, panel: Panel) -> Self:
        """Learn from a history whose climatology is known already."""
        self.climatology, self.intervals = panel.climatology, None
        self._fit(panel)
        return self

    def fit_part(self, history: pd.DataFrame) -> FittedPart:
        """What the locations of `history` give to `join`; ShortHistoryError as in `fit`."""
        own, panel = copy(self), self._prepare(history)
        own.climatology = panel.climatology
        return own.climatology, own._gather(panel)

    def join(self, parts: Sequence[FittedPart]) -> Self:
        """Become the forecaster that a fit on the history of all parts would give."""
        self.climatology, self.intervals = join_climatologies([own for own, _ in parts]), None
        with one_blas_thread():
            self._learn([arrays for _, arrays in parts])
        return self

    @property
    def batchable(self) -> bool:
        """Whether batches of locations can be fitted apart and joined."""
        return False

    def predict(
        self,
        history: pd.DataFrame,
        origins: pd.DatetimeIndex,
        leads: Sequence[int],
        *,
        data_age: int = 0,
        locations: Collection[str] | None = None,
    ) -> pd.DataFrame:
        """Forecast `leads` from each of `origins`, looking at nothing at or after the origin.

        The observations of the last `data_age` hours before each origin count as unknown. With
        `locations`, the others of the history are only their neighbours.

        Returns contract.FORECAST_COLUMNS in °C sorted by location, as_of, lead; `time` = `as_of` +
        3 h × (lead - 1). `lower` and `upper` bound the central LEVEL interval and are NaN until the
        forecaster is calibrated. `mean` is NaN where a baseline knows nothing.
        """
        panel = self.panel(history)
        places = panel.grid.locations
        missing = sorted(self.neighbour_locations(places) - set(places))
        if missing and locations is None:
            logger.warning(
                "The model was trained with neighbours that this history lacks: %s. Their features "
                "count as missing and forecasts are less accurate; add them to the history.",
                ", ".join(missing[:SHOWN]),
            )
        age = data_age // STEP_HOURS
        steps = check_origins(panel.grid, origins - age * STEP) + age
        numbers = check_leads(leads, self.max_lead)
        with one_blas_thread():
            mean = self.forecast(panel, steps, numbers, age)
        frame = self._frame(places, steps, numbers, mean, data_age)
        asked = frame["location"].isin(places if locations is None else locations)
        return frame[asked].reset_index(drop=True)

    def forecast(self, panel: Panel, origins: IntArray, leads: IntArray, age: int) -> FloatArray:
        """Temperature in °C, shape (location, origin, lead), from observations that end `age` steps
        before each origin; NaN at leads beyond `max_lead`, counted from their end.
        """
        reached = leads + age <= self.max_lead
        mean = np.full((len(panel.grid.locations), len(origins), len(leads)), np.nan)
        if reached.any():
            mean[..., reached] = self._forecast(panel, origins - age, leads[reached] + age)
        return mean

    def panel(self, history: pd.DataFrame) -> Panel:
        """The history as this forecaster sees it: anomalies from its own climatology."""
        return to_panel(self._grid(history), self.fitted)

    def neighbour_locations(self, locations: Collection[str]) -> set[str]:  # noqa: ARG002
        """Other locations whose history the forecasts of these use."""
        return set()

    @property
    def fitted(self) -> Climatology:
        """The climatology of the training period; ForecastingError before `fit`."""
        if self.climatology is None:
            raise ForecastingError(
                f"{self.name} has not been fitted: call fit(history), or load a saved one."
            )
        return self.climatology

    @property
    def train_start(self) -> pd.Timestamp:
        """First step of the training history, UTC."""
        return step_times(np.array([self.fitted.start]))[0]

    @property
    def train_end(self) -> pd.Timestamp:
        """End of the training history, UTC, exclusive."""
        return step_times(np.array([self.fitted.end]))[0]

    @property
    def locations(self) -> tuple[str, ...]:
        """Locations of the training history."""
        return self.fitted.locations

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Explanatory variables, in the order of the model's columns; empty for baselines."""
        return ()

    def inputs(
        self, history: pd.DataFrame, origin: pd.Timestamp, data_age: int = 0
    ) -> pd.DataFrame:
        """Explanatory variables of a forecast issued at `origin`: `location, feature, value`."""
        panel = self.panel(history)
        origin = origin if self.uses_nwp else origin - pd.Timedelta(hours=data_age)
        values = self._input_values(panel, check_origins(panel.grid, pd.DatetimeIndex([origin])))
        names = np.array(self.feature_names, dtype=object)
        table = long_frame(panel.grid.locations, feature=names, value=values.astype(np.float64))
        return table.astype({"feature": "str"})

    def importance(self) -> pd.DataFrame:
        """Shares `feature, importance`, greatest first, empty for a baseline: gain for trees,
        absolute coefficients or weights for linear models, slopes for kernel ridge; mean of an
        ensemble's members.
        """
        shares = []
        for member in self.members or [self]:
            if member.feature_names:
                values = pd.Series(member._importance_values(), index=list(member.feature_names))
                shares.append(values / max(float(values.sum()), 1e-300))
        if not shares:
            return pd.DataFrame({"feature": pd.Series(dtype="str"), "importance": []})
        mean = pd.concat(shares, axis=1).fillna(0.0).mean(axis=1)
        table = mean.rename_axis("feature").rename("importance").reset_index()
        table = table.round(9)  # the last bits differ between CPUs and must not decide the order
        order = ["importance", "feature"]
        return table.sort_values(order, ascending=[False, True], ignore_index=True)

    def restore(self, state: Arrays, texts: Mapping[str, str]) -> None:
        """Take what was stored."""
        self.state, self.texts = state, dict(texts)

    def _fit(self, panel: Panel) -> None:
        """Learn from a training panel."""
        self._learn([self._gather(panel)])

    def _gather(self, panel: Panel) -> Arrays:  # noqa: ARG002
        """The training data of these locations, independent of the other locations."""
        return {}

    def _learn(self, parts: Sequence[Arrays]) -> None:
        """Learn from what was gathered, in the order of the locations."""
        self.state = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _forecast(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        """Temperature in °C from observations up to each origin, shape (location, origin, lead)."""
        raise NotImplementedError  # a subclass has this or its own `forecast`

    def _narrowed(self, grid: Grid) -> Grid:
        """The variables of a grid that this forecaster looks at."""
        return grid

    def _input_values(self, panel: Panel, origins: IntArray) -> npt.NDArray[Any]:  # noqa: ARG002
        """Values of `feature_names` at the one origin, shape (location, feature)."""
        return np.empty((len(panel.grid.locations), 0))

    def _importance_values(self) -> FloatArray:
        """How much each of `feature_names` matters, on a scale of the model's own."""
        return np.zeros(len(self.feature_names))

    def _grid(self, history: pd.DataFrame) -> Grid:
        return self._narrowed(with_wind_components(to_grid(history)))

    def _prepare(self, history: pd.DataFrame) -> Panel:
        """Fit the climatology, and return the history's anomalies."""
        grid = self._grid(history)
        days = check_enough(grid, self.min_training_days)
        return to_panel(grid, fit_climatology(grid, harmonics_of(days)))

    def _frame(
        self,
        locations: tuple[str, ...],
        origins: IntArray,
        leads: IntArray,
        mean: FloatArray,
        data_age: int,
    ) -> pd.DataFrame:
        targets, half = origins[:, None] + leads - 1, np.full(mean.shape, np.nan)
        if self.intervals is not None:
            months = step_times(targets.ravel()).month.to_numpy().reshape(targets.shape)
            half = self.intervals.half_width(locations, months, leads, data_age)
        bounds = {"lower": mean - half, "upper": mean + half}
        issued = {"as_of": origins[:, None], "time": targets, "lead": leads}
        return long_frame(locations, **issued, mean=mean, **bounds)
