"""Forecasters that are fitted a batch of locations at a time: memory is a batch's."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import pandas as pd

from triptych.forecasting.errors import HistoryError
from triptych.forecasting.features.climatology import Climatology
from triptych.forecasting.features.grid import FloatArray
from triptych.forecasting.features.panel import Panel
from triptych.forecasting.models.base import AnomalyForecaster, Arrays, Training
from triptych.forecasting.threads import one_blas_thread

FittedPart = tuple[Training, Arrays]


class BatchedForecaster(AnomalyForecaster):
    """Base of the forecasters that learn from what each batch of locations gathers."""

    @property
    def batchable(self) -> bool:
        """Whether its parameters let batches be fitted separately."""
        return True

    @abstractmethod
    def gather(self, panel: Panel) -> Arrays:
        """What is learned from these locations alone, whichever others there are."""

    @abstractmethod
    def learn(self, parts: Sequence[Arrays]) -> None:
        """Learn from what was gathered, in the order of the locations."""

    def _fit(self, panel: Panel) -> None:
        self.learn([self.gather(panel)])

    def fit_part(self, history: pd.DataFrame) -> FittedPart:
        """What the locations of `history` give; ShortHistoryError below a year of temperatures."""
        training, panel = self.prepare(history)
        return training, self.gather(panel)

    def join(self, parts: Sequence[FittedPart]) -> Self:
        """Become the forecaster that a fit on the history of all parts would give."""
        self.training, self.intervals = _join([training for training, _ in parts]), None
        with one_blas_thread():
            self.learn([arrays for _, arrays in parts])
        return self


def fit_part(forecaster: BatchedForecaster, history: pd.DataFrame) -> FittedPart:
    """BatchedForecaster.fit_part as a function, for a batch engine."""
    return forecaster.fit_part(history)


def _join(parts: Sequence[Training]) -> Training:
    climatologies = [part.climatology for part in parts]
    if len({tuple(sorted(each.coefficients)) for each in climatologies}) > 1:
        raise HistoryError("The parts of a fit must have the same variables: prepare them alike.")
    together = Climatology(
        tuple(name for each in climatologies for name in each.locations),
        _concatenated([each.coefficients for each in climatologies]),
        _concatenated([each.scale for each in climatologies]),
    )
    return Training(min(p.start for p in parts), max(p.end for p in parts), together)


def _concatenated(tables: Sequence[Mapping[str, FloatArray]]) -> dict[str, FloatArray]:
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
