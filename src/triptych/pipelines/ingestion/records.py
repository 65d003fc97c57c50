"""What is recorded of the answers: periods that were requested, and days that are incomplete."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from triptych.pipelines.ingestion.requests import periods_by_location
from triptych.weather.completeness import DAY, Missing, missing_by_day, still_missing
from triptych.weather.request_periods import Period, missing_periods
from triptych.weather.sources.base import Fetched
from triptych.weather.validation.report import Answer
from triptych.weather.variables import VARIABLES

_PERIODS = ["location", "start", "end", "rows", "source"]
_DAYS = ["location", "day", "missing", "first_requested", "last_requested", "last_as_of"]


class Records:
    """Makes the rows of `ingested_periods` and `incomplete_days` for each answer.

    Args:
        known_periods: the rows of `ingested_periods` before the run.
        known_gaps: the rows of `incomplete_days` before the run.
        as_of: the run's.
        today: the UTC date of the run.
    """

    def __init__(
        self,
        known_periods: pd.DataFrame,
        known_gaps: pd.DataFrame,
        as_of: pd.Timestamp,
        today: pd.Timestamp,
    ) -> None:
        self._periods = periods_by_location(known_periods)
        names = ("location", "day", "missing", "first_requested")
        columns = (known_gaps[name] for name in names)
        self._gaps = {
            (slug, day): (missing, first)
            for slug, day, missing, first in zip(*columns, strict=True)
        }
        self._as_of, self._today = as_of, today

    def periods(self, answer: Answer, fetched: Fetched) -> pd.DataFrame:
        """The part of the answer that was requested for the first time."""
        times = fetched.frame["time"]
        rows = [
            (answer.place.slug, start, end, int(((times >= start) & (times < end)).sum()),
             answer.place.source)
            for start, end in self._new(answer)
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=_PERIODS)

    def incomplete_days(
        self, answer: Answer, fetched: Fetched, accepted: pd.DataFrame
    ) -> pd.DataFrame:
        """The days of the answer that lack values, and those that did and do no more."""
        variables = [name for name in VARIABLES if name not in fetched.absent]
        found = missing_by_day(accepted, answer.start, answer.end, variables)
        new, slug = self._new(answer), answer.place.slug
        rows: list[tuple[Any, ...]] = []
        for day, missing in found.items():
            before, first = self._gaps.get((slug, day), ({}, self._today))
            left = self._left(missing, before, is_new=_within(day, new))
            if left or before:
                rows.append((slug, day, left, first, self._today, self._as_of))
        return pd.DataFrame(rows, columns=_DAYS)

    def _new(self, answer: Answer) -> list[Period]:
        asked = (pd.Timestamp(answer.start, tz="UTC"), pd.Timestamp(answer.end, tz="UTC"))
        return missing_periods(asked, self._periods.get(answer.place.slug, []))

    @staticmethod
    def _left(missing: Missing, before: Mapping[str, int], *, is_new: bool) -> Missing:
        return missing if is_new else still_missing(missing, before)


def _within(day: pd.Timestamp, periods: list[Period]) -> bool:
    return any(start < day + DAY and day < end for start, end in periods)
