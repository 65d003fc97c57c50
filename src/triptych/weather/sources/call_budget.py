"""What requests cost at a source that counts them, and the pace at which it takes them.

Open-Meteo weighs a request by its locations, variables and days:
https://open-meteo.com/en/pricing, "Limitations and fair use".
"""

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from triptych.weather.errors import CallLimitReached

logger = logging.getLogger(__name__)

_VARIABLES, _DAYS = 10, 14  # what one call pays for
_SPANS = (("minute", 60.0), ("hour", 3600.0))
_SAID_SECONDS = 10.0  # a longer wait is logged


@dataclass(frozen=True)
class CallLimits:
    """Weighted calls that a source takes."""

    minute: int
    hour: int
    day: int


def weight(locations: int, days: int, variables: int) -> float:
    """Weighted calls of one request."""
    return locations * max(1.0, variables / _VARIABLES * max(1.0, days / _DAYS))


def say_budget(weights: Iterable[float], limits: CallLimits | None) -> str:
    """Say what the requests to come cost together, and how long the limits make them last."""
    each = list(weights)
    told = f"{len(each):,} requests, {sum(each):,.0f} weighted calls"
    if limits is None:
        return f"{told}; no limit is set (ingestion.limits)"
    free = f"{limits.minute:,} a minute, {limits.hour:,} an hour, {limits.day:,} a day"
    return f"{told}: {_duration(sum(each), limits)} at {free}"


def _duration(total: float, limits: CallLimits) -> str:
    if total > limits.day:
        return f"{math.ceil(total / limits.day):,} days"
    if total > limits.hour:
        return f"{math.ceil(total / limits.hour)} hours"
    return f"{math.ceil(total / limits.minute)} min"


class Pacer:
    """Holds requests back until the limits have room for them.

    Args:
        limits: None holds nothing back.
        clock: seconds that only grow.
        sleep: how to wait.
    """

    def __init__(
        self,
        limits: CallLimits | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits, self._clock, self._sleep = limits, clock, sleep
        self._made: deque[tuple[float, float]] = deque()

    def affords(self, cost: float) -> bool:
        """Tell whether the calls of this day suffice for a request of this weight."""
        return self._limits is None or self._spent(86_400.0) + cost <= self._limits.day

    def wait(self, cost: float) -> None:
        """Wait until a request of this weight may be made, and count it.

        Raises:
            CallLimitReached: the day's calls are used up; a later run goes on from here.
        """
        if self._limits is None:
            return
        if not self.affords(cost):
            raise CallLimitReached(
                f"The {self._limits.day:,} weighted calls of a day (ingestion.limits) are used up. "
                "What was fetched is kept: run again tomorrow, and it goes on from there. Without "
                "a limit: a key (TRIPTYCH_OPEN_METEO_KEY) or a server of your own."
            )
        for name, seconds in _SPANS:
            self._hold(cost, name, seconds)
        self._made.append((self._clock(), cost))

    def _hold(self, cost: float, name: str, seconds: float) -> None:
        most = getattr(self._limits, name)
        pause = 0.0
        spent = self._spent(seconds)
        for at, each in self._made:
            if spent == 0 or spent + cost <= most:
                break
            if at > self._clock() - seconds:
                spent -= each
                pause = at + seconds - self._clock()
        if pause > _SAID_SECONDS:
            logger.info("The source takes %s calls a %s: waiting %.0f s", f"{most:,}", name, pause)
        if pause > 0:
            self._sleep(pause)

    def _spent(self, seconds: float) -> float:
        since = self._clock() - seconds
        return sum(cost for at, cost in self._made if at > since)


@cache
def shared_pacer(limits: CallLimits | None) -> Pacer:
    """The pacer of this process: nodes that request data share the source's limits."""
    return Pacer(limits)
