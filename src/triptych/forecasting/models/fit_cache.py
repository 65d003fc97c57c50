"""Processes that one study has estimated, so that it estimates none of them twice."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from triptych.forecasting.features.grid import FloatArray
from triptych.forecasting.statespace.arma_fit import Fitted, Orders, fit_arma, fit_regression

LIMIT = 10_000  # processes, a kilobyte each

logger = logging.getLogger(__name__)


class FitCache:
    """Estimated processes by SHA-256 of the series and orders; beyond LIMIT the oldest are dropped.

    Searches, fits and models with the same process (`sarima`, `sarima_ridge`) share them.
    `map_parts` applies a function of a list to parts of a list, such as an engine's workers.
    """

    def __init__(self, stored: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Restore what `stored` gave, by way of JSON."""
        self._found = {key: Fitted.of(fitted) for key, fitted in (stored or {}).items()}
        self.map_parts = _at_once

    def fit_each(self, series: Mapping[str, FloatArray], orders: Orders) -> dict[str, Fitted]:
        """The process of each series, estimated unless it is known; fallbacks are logged.

        Series of shape (step,) by arma_fit.fit_arma; with columns of regressors by fit_regression.
        """
        keys = {name: _key(values, orders) for name, values in series.items()}
        new = {
            keys[name]: values for name, values in series.items() if keys[name] not in self._found
        }
        made = self.map_parts(partial(fit_all, orders), list(new.values()))
        known = {**self._found, **dict(zip(new, made, strict=True))}
        fitted = {name: known[key] for name, key in keys.items()}
        self._found = dict(islice(known.items(), max(0, len(known) - LIMIT), None))
        for name, process in fitted.items():
            if process.reason:
                logger.warning("%s falls back on %s: %s", name, process.method, process.reason)
        return fitted

    def stored(self) -> dict[str, dict[str, Any]]:
        """What is known, as plain values: JSON keeps them to the last bit."""
        return {key: asdict(fitted) for key, fitted in self._found.items()}


def fit_all(orders: Orders, series: list[FloatArray]) -> list[Fitted]:
    """The process of each of some series."""
    return [
        fit_arma(values, orders)
        if values.ndim == 1
        else fit_regression(values[:, 0], values[:, 1:], orders)
        for values in series
    ]


def _at_once(work: Callable[[list[Any]], list[Any]], items: Sequence[Any]) -> list[Any]:
    return work(list(items))


def _key(series: FloatArray, orders: Orders) -> str:
    values = np.ascontiguousarray(series, dtype=np.float64)
    numbers = "-".join(str(number) for number in asdict(orders).values())
    return f"{hashlib.sha256(values.tobytes()).hexdigest()}-{numbers}"
