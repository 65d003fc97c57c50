"""What is recorded of the responses: requested periods, and days or hours that are missing."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from triptych.parameters.ingestion import IngestionParameters
from triptych.pipelines.ts_common.periods import DAY
from triptych.weather.completeness import missing_by_day, still_missing
from triptych.weather.request_periods import Period, missing_periods, overlaps
from triptych.weather.sources.base import Fetched
from triptych.weather.validation.report import RequestedPeriod
from triptych.weather.variables import VARIABLES

ANALYSIS, FORECAST = "analysis", "forecast"

Key = tuple[str, str, str]  # location, product, model

_PERIODS = ["location", "start", "end", "rows", "source"]
_DAYS = ["location", "day", "missing", "first_requested", "last_requested", "last_as_of"]


def final_after(source: str, ingestion: IngestionParameters) -> pd.Timedelta:
    """How long after its first request a day is requested again; the sample never changes."""
    return (0 if source == "sample" else ingestion.final_after_days) * DAY


def periods_by_location(
    periods: pd.DataFrame, before: date | None = None
) -> Mapping[str, list[Period]]:
    """Return the periods of each location, cut off at a day if one is given."""
    if before is not None:
        limit = pd.Timestamp(before, tz="UTC")
        periods = periods[periods["start"] < limit]
        periods = periods.assign(end=periods["end"].where(periods["end"] < limit, limit))
    return {
        str(slug): list(zip(own["start"], own["end"], strict=True))
        for slug, own in periods.groupby("location")
    }


class Records:
    """Makes the rows of `ingested_periods` and `incomplete_days` for each response.

    Args:
        known_periods: the rows of `ingested_periods` before the run.
        known_gaps: the rows of `incomplete_days` before the run.
        as_of: of the run.
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
        self._gaps = {
            (row["location"], row["day"]): (row["missing"], row["first_requested"])
            for row in known_gaps.to_dict("records")
        }
        self._as_of, self._today = as_of, today

    def periods(self, period: RequestedPeriod, fetched: Fetched) -> pd.DataFrame:
        """Return the part of the response that was requested for the first time."""
        times = fetched.frame["time"]
        rows = [
            (period.place.slug, start, end, int(((times >= start) & (times < end)).sum()),
             period.place.source)
            for start, end in self._new(period)
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=_PERIODS)

    def incomplete_days(
        self, period: RequestedPeriod, fetched: Fetched, accepted: pd.DataFrame
    ) -> pd.DataFrame:
        """Return the days that lack values, and those that did and no longer do."""
        variables = [name for name in VARIABLES if name not in fetched.absent]
        new, slug = self._new(period), period.place.slug
        rows = []
        for day, found in missing_by_day(accepted, period.start, period.end, variables).items():
            before, first = self._gaps.get((slug, day), ({}, self._today))
            is_new = any(overlaps((day, day + DAY), period) for period in new)
            missing = found if is_new else still_missing(found, before)
            if missing or before:
                rows.append((slug, day, missing, first, self._today, self._as_of))
        return pd.DataFrame(rows, columns=_DAYS)

    def _new(self, period: RequestedPeriod) -> list[Period]:
        days = (pd.Timestamp(period.start, tz="UTC"), pd.Timestamp(period.end, tz="UTC"))
        return missing_periods(days, self._periods.get(period.place.slug, []))


class ModelPeriods:
    """The rows of `model_periods`: what a run need not request again, and what it adds.

    Args:
        rows: the table before the run.
        issued: `as_of` of the run.
        today: its UTC date.
        delay_hours: from the start of a model run to its publication.
        final_after: gaps that are older are not requested again.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        issued: pd.Timestamp,
        today: pd.Timestamp,
        delay_hours: int,
        final_after: pd.Timedelta,
    ) -> None:
        self.issued, self._today, self._final_after = issued, today, final_after
        self._delay = pd.Timedelta(hours=delay_hours)
        self._rows: dict[Key, list[dict[Any, Any]]] = {}
        for row in rows.drop(columns="fetched_at", errors="ignore").to_dict("records"):
            self._rows.setdefault((row["location"], row["product"], row["model"]), []).append(row)

    def due_until(self, product: str, as_of: pd.Timestamp | None = None) -> pd.Timestamp:
        """Return until when values of all lead days were published at the issue time."""
        lead = DAY if product == FORECAST else 0 * DAY
        return (self.issued if as_of is None else as_of) + lead - self._delay

    def known(self, key: Key) -> list[Period]:
        """Return the periods that need no request.

        A later `as_of` requests again the day before the end of what was published, as runs may
        be late. A gap is requested again once a day.
        """
        periods = [(row["start"], self._known_until(row)) for row in self._rows.get(key, [])]
        return [(start, end) for start, end in periods if end > start]

    def _known_until(self, row: dict[Any, Any]) -> pd.Timestamp:
        end: pd.Timestamp = row["end"]
        if self.issued > row["as_of"]:
            end = min(end, self.due_until(row["product"], row["as_of"]) - DAY)
        gap = row["missing_from"]
        repeated = self._today > row["last_requested"] and self._today - gap < self._final_after
        return min(end, gap) if repeated else end

    def has_rows(self, key: Key) -> bool:
        """Tell whether the model ever had a value at the location."""
        return any(row["rows"] for row in self._rows.get(key, []))

    def add(
        self, key: Key, start: pd.Timestamp, end: pd.Timestamp, rows: int, missing: pd.DatetimeIndex
    ) -> dict[str, Any]:
        """Record a response and the hours that it lacks; it extends the period it continues."""
        recent = self._today - self._final_after
        gap = missing[missing > recent].min()  # NaT if there is none
        new = dict(zip(("location", "product", "model"), key, strict=True)) | {
            "start": start, "end": end, "as_of": self.issued, "rows": rows, "missing_from": gap,
            "last_requested": self._today,
        }  # fmt: skip
        own = self._rows.setdefault(key, [])
        for row in own:
            if row["start"] <= start <= row["end"]:
                before = row["missing_from"]
                new |= {"start": row["start"], "end": max(row["end"], end)}
                new["rows"] += row["rows"]
                if recent < before < start:
                    new["missing_from"] = before
                row.update(new)
                return row
        own.append(new)
        return new
