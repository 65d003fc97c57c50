"""What every forecaster shares: frames, climatology, intervals and stored state."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.forecasting.contract import FORECAST_COLUMNS, STEP, STEP_HOURS
from triptych.forecasting.errors import UnfittedModelError, UnknownModelError
from triptych.forecasting.features.climatology import Climatology, fit_climatology, harmonics_of
from triptych.forecasting.features.grid import (
    TEMPERATURE,
    FloatArray,
    Grid,
    IntArray,
    step_times,
    to_grid,
)
from triptych.forecasting.features.panel import Panel, to_panel, with_wind_components
from triptych.forecasting.models.validation import (
    MIN_TRAINING_DAYS,
    check_enough,
    check_leads,
    check_origins,
)
from triptych.forecasting.threads import one_blas_thread

if TYPE_CHECKING:
    from triptych.forecasting.evaluation.conformal import Intervals

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Training:
    """The training period (step numbers, `end` exclusive) and its climatology."""

    start: int
    end: int
    climatology: Climatology


class PanelForecaster(ABC):
    """Base of the forecasters: subclasses fit a panel and forecast (location, origin, lead)."""

    name: ClassVar[str]
    uses_nwp: ClassVar[bool] = False
    min_training_days: ClassVar[int] = MIN_TRAINING_DAYS
    defaults: ClassVar[Mapping[str, Any]] = {}

    def __init__(
        self, parameters: Mapping[str, Any] | None = None, *, max_lead: int = 8, seed: int = 0
    ) -> None:
        """Merge `parameters` over the defaults; UnknownModelError for an unknown one."""
        given = dict(parameters or {})
        unknown = sorted(set(given) - set(self.defaults))
        if unknown:
            raise UnknownModelError(
                f"{self.name} has no parameter {', '.join(unknown)}; it has "
                f"{', '.join(sorted(self.defaults)) or 'none'}. Correct the forecast parameters."
            )
        self.parameters: dict[str, Any] = {**self.defaults, **given}
        self.max_lead = max_lead
        self.seed = seed
        self.training: Training | None = None
        self.intervals: Intervals | None = None

    def fit(self, history: pd.DataFrame) -> Self:
        """Learn from the whole of `history`; ShortHistoryError for too few days of temperatures."""
        with one_blas_thread():
            return self.fit_panel(*self.prepare(history))

    def prepare(self, history: pd.DataFrame) -> tuple[Training, Panel]:
        """Fit the climatology, and return it with the history's anomalies."""
        grid = self.narrowed(with_wind_components(to_grid(history)))
        days = check_enough(grid, self.min_training_days)
        climatology = fit_climatology(grid, harmonics_of(days))
        return Training(grid.first, grid.end, climatology), to_panel(grid, climatology)

    def fit_panel(self, training: Training, panel: Panel) -> Self:
        """Learn from a history whose climatology is known already."""
        self.training, self.intervals = training, None
        self._fit(panel)
        return self

    def predict(
        self,
        history: pd.DataFrame,
        origins: pd.DatetimeIndex,
        leads: Sequence[int],
        *,
        data_age: int = 0,
    ) -> pd.DataFrame:
        """Forecast as the contract says (contract.Forecaster.predict).

        The observations of the last `data_age` hours before each origin count as unknown.
        """
        panel = self.panel(history)
        self.warn_of_missing(panel.grid.locations)
        return self._predict(panel, origins, leads, data_age)

    def predict_for(
        self,
        locations: Collection[str],
        history: pd.DataFrame,
        origins: pd.DatetimeIndex,
        leads: Sequence[int],
        *,
        data_age: int = 0,
    ) -> pd.DataFrame:
        """Forecast some locations of a history that also has their neighbours."""
        forecasts = self._predict(self.panel(history), origins, leads, data_age)
        return forecasts[forecasts["location"].isin(locations)].reset_index(drop=True)

    def neighbour_locations(self, locations: Collection[str]) -> set[str]:  # noqa: ARG002
        """Other locations whose history the forecasts of these use."""
        return set()

    def warn_of_missing(self, locations: tuple[str, ...]) -> None:  # noqa: B027
        """Log what a history of these locations lacks for forecasts of full accuracy."""

    def _predict(
        self, panel: Panel, origins: pd.DatetimeIndex, leads: Sequence[int], data_age: int
    ) -> pd.DataFrame:
        age = data_age // STEP_HOURS
        steps = check_origins(panel.grid, origins - age * STEP) + age
        numbers = check_leads(leads, self.max_lead)
        with one_blas_thread():
            mean = self.forecast_aged(panel, steps, numbers, age)
        return self._frame(panel, steps, numbers, mean, data_age)

    def forecast_aged(
        self, panel: Panel, origins: IntArray, leads: IntArray, age: int
    ) -> FloatArray:
        """Forecast as `forecast_panel`, from observations that end `age` steps before each origin.

        NaN at leads beyond `max_lead`, counted from the end of the observations.
        """
        reached = leads + age <= self.max_lead
        shape = (len(panel.grid.locations), len(origins), len(leads))
        mean = np.full(shape, np.nan)
        if reached.any():
            mean[..., reached] = self.forecast_panel(panel, origins - age, leads[reached] + age)
        return mean

    def panel(self, history: pd.DataFrame) -> Panel:
        """The history as this forecaster sees it: anomalies from its own climatology."""
        grid = self.narrowed(with_wind_components(to_grid(history)))
        return to_panel(grid, self.fitted.climatology)

    def narrowed(self, grid: Grid) -> Grid:
        """The variables of a grid that this forecaster looks at: all, unless it says otherwise."""
        return grid

    @property
    def fitted(self) -> Training:
        """The training state; UnfittedModelError before `fit`."""
        if self.training is None:
            raise UnfittedModelError(
                f"{self.name} has not been fitted: call fit(history), or load a saved one."
            )
        return self.training

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
        return self.fitted.climatology.locations

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Explanatory variables, in the order of the model's columns; empty for baselines."""
        return ()

    @abstractmethod
    def _fit(self, panel: Panel) -> None:
        """Learn from a training panel."""

    @abstractmethod
    def forecast_panel(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        """Forecast temperature in °C, shape (location, origin, lead)."""

    def inputs(
        self, history: pd.DataFrame, origin: pd.Timestamp, data_age: int = 0
    ) -> pd.DataFrame:
        """Explanatory variables of a forecast issued at `origin`: `location, feature, value`."""
        panel = self.panel(history)
        origin = origin if self.uses_nwp else origin - pd.Timedelta(hours=data_age)
        names, locations = self.feature_names, np.array(panel.grid.locations, dtype=object)
        values = self.input_values(panel, check_origins(panel.grid, pd.DatetimeIndex([origin])))
        return pd.DataFrame(
            {
                "location": pd.Series(np.repeat(locations, len(names)), dtype="str"),
                "feature": pd.Series(list(names) * len(locations), dtype="str"),
                "value": values.astype(np.float64).ravel(),
            }
        )

    def input_values(self, panel: Panel, origins: IntArray) -> npt.NDArray[np.floating[Any]]:  # noqa: ARG002
        """Values of `feature_names` at the one origin, shape (location, feature)."""
        return np.empty((len(panel.grid.locations), 0))

    def importance_values(self) -> FloatArray:
        """How much each of `feature_names` matters, on a scale of the model's own."""
        return np.zeros(len(self.feature_names))

    def arrays(self) -> Arrays:
        """The learned arrays by name, for storage and fingerprint."""
        return {}

    def texts(self) -> dict[str, str]:
        """The learned texts by name, for storage and fingerprint."""
        return {}

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> None:  # noqa: B027
        """Restore the state from `arrays` and `texts`."""

    def _frame(
        self,
        panel: Panel,
        origins: IntArray,
        leads: IntArray,
        mean: FloatArray,
        data_age: int,
    ) -> pd.DataFrame:
        places, shape = panel.grid.locations, mean.shape
        targets = np.broadcast_to(origins[:, None] + leads - 1, shape)
        times = step_times(targets.ravel())
        half = np.full(shape, np.nan)
        if self.intervals is not None:
            months = times.month.to_numpy().reshape(shape)[0]
            half = self.intervals.half_width(places, months, leads, data_age)
        frame = pd.DataFrame(
            {
                "location": np.repeat(np.array(places, dtype=object), shape[1] * shape[2]),
                "as_of": step_times(np.broadcast_to(origins[:, None], shape).ravel()),
                "time": times,
                "lead": np.broadcast_to(leads, shape).ravel(),
                "mean": mean.ravel(),
                "lower": (mean - half).ravel(),
                "upper": (mean + half).ravel(),
            }
        )
        return frame.astype({"location": "str"})[list(FORECAST_COLUMNS)]


def normal_targets(panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
    """Climatology of the targets in °C, shape (location, origin, lead)."""
    targets = origins[:, None] + leads[None, :] - 1
    return panel.climatology.normal(TEMPERATURE, panel.rows[:, None, None], targets[None])


class AnomalyForecaster(PanelForecaster):
    """Base of the forecasters that add a forecast anomaly to the climatology."""

    def forecast_panel(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        """Forecast temperature in °C, shape (location, origin, lead)."""
        scale = panel.climatology.scale[TEMPERATURE][panel.rows]
        anomaly = scale[:, None, None] * self._anomaly(panel, origins, leads)
        return normal_targets(panel, origins, leads) + anomaly

    @abstractmethod
    def _anomaly(self, panel: Panel, origins: IntArray, leads: IntArray) -> FloatArray:
        """Forecast anomaly in training standard deviations, shape (location, origin, lead)."""
