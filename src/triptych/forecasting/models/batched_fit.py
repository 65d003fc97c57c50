"""Forecasters that are fitted a batch of locations at a time, and joined: memory is a batch's."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from triptych.forecasting.errors import HistoryError
from triptych.forecasting.features.climatology import HARMONICS, Climatology, fit_climatology
from triptych.forecasting.features.grid import Grid, to_grid
from triptych.forecasting.features.panel import Panel, to_panel, with_wind_components
from triptych.forecasting.models.base import Arrays, PanelForecaster, Training
from triptych.forecasting.models.validation import check_enough
from triptych.forecasting.threads import one_blas_thread


@dataclass(frozen=True)
class FittedPart:
    """What a batch of locations gives to the whole."""

    training: Training
    arrays: Arrays


class JoinedForecaster(PanelForecaster):
    """Base of the forecasters that learn from what each batch of locations gathers."""

    @property
    def joinable(self) -> bool:
        """Whether its parameters let batches be fitted apart."""
        return True

    @abstractmethod
    def gather(self, panel: Panel) -> Arrays:
        """What is learned from these locations alone, whichever others there are."""

    @abstractmethod
    def learn(self, parts: Sequence[Arrays]) -> None:
        """Learn from what was gathered, in the order of the locations."""

    def _fit(self, panel: Panel) -> None:
        self.learn([self.gather(panel)])

    def join(self, parts: Sequence[FittedPart]) -> Self:
        """Become the forecaster that a fit on the history of all parts would give."""
        self.training, self.intervals = _join([part.training for part in parts]), None
        with one_blas_thread():
            self.learn([part.arrays for part in parts])
        return self


def fit_part(forecaster: JoinedForecaster, history: pd.DataFrame) -> FittedPart:
    """What the locations of `history` give; ShortHistoryError below a year of temperatures."""
    return fit_grid(forecaster, to_grid(history))


def fit_grid(forecaster: JoinedForecaster, grid: Grid) -> FittedPart:
    """The same of a history that stands on its grid already."""
    prepared = forecaster.narrowed(with_wind_components(grid))
    check_enough(prepared)
    climatology = fit_climatology(prepared, HARMONICS)
    arrays = forecaster.gather(to_panel(prepared, climatology))
    return FittedPart(Training(grid.first, grid.end, climatology), arrays)


def _join(parts: Sequence[Training]) -> Training:
    variables = {tuple(sorted(part.climatology.coefficients)) for part in parts}
    if len(variables) > 1:
        raise HistoryError("The parts of a fit must have the same variables: prepare them alike.")
    climatologies = [part.climatology for part in parts]
    together = Climatology(
        tuple(name for each in climatologies for name in each.locations),
        {
            name: np.concatenate([each.coefficients[name] for each in climatologies])
            for name in climatologies[0].coefficients
        },
        {
            name: np.concatenate([each.scale[name] for each in climatologies])
            for name in climatologies[0].scale
        },
    )
    return Training(min(p.start for p in parts), max(p.end for p in parts), together)
