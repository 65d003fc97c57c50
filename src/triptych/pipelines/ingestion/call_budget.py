"""Cost of requests to a source that counts weighted calls, and waiting for its limits.

Open-Meteo weighs a request by its locations, variables and days:
https://open-meteo.com/en/pricing, "Limitations and fair use".
"""

import logging
import math
import time
from collections.abc import Collection
from functools import cache

from triptych.parameters.forecasting import LimitParameters
from triptych.weather.errors import CallLimitReached

logger = logging.getLogger(__name__)

_VARIABLES, _DAYS = 10, 14  # what one call pays for
_LOGGED_SECONDS = 10.0  # a longer wait is logged


def weight(locations: int, days: int, variables: int) -> float:
    """Return the weighted calls of one request."""
    return locations * max(1.0, variables / _VARIABLES * max(1.0, days / _DAYS))


def describe_budget(weights: Collection[float], limits: LimitParameters | None) -> str:
    """Describe what requests cost together, and how long the limits make them last."""
    total = sum(weights)
    cost = f"{len(weights):,} requests, {total:,.0f} weighted calls"
    if limits is None:
        return f"{cost}; no limit is set (ingestion.limits)"
    free = f"{limits.minute:,} a minute, {limits.hour:,} an hour, {limits.day:,} a day"
    duration = f"{math.ceil(total / limits.minute)} min"
    if total > limits.hour:
        duration = f"{math.ceil(total / limits.hour)} hours"
    if total > limits.day:
        duration = f"{math.ceil(total / limits.day):,} days"
    return f"{cost}: {duration} at {free}"


class Pacer:
    """Delays requests until the limits allow them; without limits it delays nothing."""

    def __init__(self, limits: LimitParameters | None) -> None:
        self._limits = limits
        self._made: list[tuple[float, float]] = []  # time and weight

    def affords(self, cost: float) -> bool:
        """Tell whether the calls of this day suffice for a request of this weight."""
        return self._limits is None or self._spent(86_400.0) + cost <= self._limits.day

    def wait(self, cost: float) -> None:
        """Wait until a request of this weight may be made, and count it.

        Raises:
            CallLimitReached: the day's calls are used up; a later run continues.
        """
        if self._limits is None:
            return
        if not self.affords(cost):
            raise CallLimitReached(
                f"The {self._limits.day:,} weighted calls of a day (ingestion.limits) are used up. "
                "What was fetched is stored: run again tomorrow to continue. Without "
                "a limit: a key (TRIPTYCH_OPEN_METEO_KEY) or a server of your own."
            )
        for name, seconds in (("minute", 60.0), ("hour", 3600.0)):
            most = getattr(self._limits, name)
            while (spent := self._spent(seconds)) and spent + cost > most:
                now = time.monotonic()
                pause = min(at for at, _ in self._made if at > now - seconds) + seconds - now
                if pause > _LOGGED_SECONDS:
                    logger.info(
                        "The source allows %s calls a %s: waiting %.0f s", f"{most:,}", name, pause
                    )
                time.sleep(pause)
        self._made.append((time.monotonic(), cost))

    def _spent(self, seconds: float) -> float:
        since = time.monotonic() - seconds
        return sum(cost for at, cost in self._made if at > since)


shared_pacer = cache(Pacer)  # nodes of one process that request data share the source's limits
