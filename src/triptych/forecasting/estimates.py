"""Processes that one study has estimated, so that it estimates none of them twice."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import numpy as np

from triptych.forecasting.arma_fit import Fitted, Orders, fit_arma
from triptych.forecasting.grid import FloatArray

LIMIT = 10_000  # processes, a kilobyte each

logger = logging.getLogger(__name__)


class Estimates:
    """Estimated processes by series and orders.

    A search, the fits after it and models that share a process (SARIMA and SARIMAX) ask for the
    same ones. A series is known by the SHA-256 of its values, so another history never takes a
    process that is not its own. Beyond LIMIT the oldest are dropped.
    """

    def __init__(self) -> None:
        self._found: dict[str, Fitted] = {}

    def fit(self, series: FloatArray, orders: Orders, name: str) -> Fitted:
        """The process of `series`, estimated (arma_fit.fit_arma) unless it is known already.

        A fallback is logged as a warning that names `name`, each time that it is asked for.
        """
        key = _key(series, orders)
        if key not in self._found:
            while len(self._found) >= LIMIT:
                del self._found[next(iter(self._found))]
            self._found[key] = fit_arma(series, orders)
        fitted = self._found[key]
        if fitted.reason:
            logger.warning("%s falls back on %s: %s", name, fitted.method, fitted.reason)
        return fitted

    def stored(self) -> dict[str, dict[str, Any]]:
        """What is known, as plain values: JSON keeps them to the last bit."""
        return {key: asdict(fitted) for key, fitted in self._found.items()}

    @classmethod
    def of(cls, stored: Mapping[str, Mapping[str, Any]]) -> Self:
        """Take back what `stored` gave, by way of JSON."""
        made = cls()
        made._found = {key: Fitted.of(fitted) for key, fitted in stored.items()}
        return made


def _key(series: FloatArray, orders: Orders) -> str:
    values = np.ascontiguousarray(series, dtype=np.float64)
    numbers = "-".join(str(number) for number in asdict(orders).values())
    return f"{hashlib.sha256(values.tobytes()).hexdigest()}-{numbers}"
