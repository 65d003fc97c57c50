"""What is recorded of the responses: requested periods, and days or hours that are missing.

A period is half-open: start, exclusive end.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd

from triptych.parameters.forecasting import IngestionParameters, NwpParameters
from triptych.pipelines.ts_common.periods import DAY
from triptych.weather.sources.base import Fetched
from triptych.weather.validation.report import RequestedPeriod
from triptych.weather.variables import VARIABLES

ANALYSIS, FORECAST = "analysis", "forecast"

Key = tuple[str, str, str]  # location, product, model
Period = tuple[datetime, datetime]
_CHEAP = timedelta(days=14)  # that one call pays for


def is_open(
    days: pd.DataFrame, today: pd.Timestamp, source: str, ingestion: IngestionParameters
) -> "pd.Series[bool]":
    """Tell which rows of `incomplete_days` lack what may still come; the sample never changes."""
    final_after = (0 if source == "sample" else ingestion.final_after_days) * DAY
    return days["missing"].astype(bool) & (today - days["first_requested"] < final_after)


def periods_by_location(
    periods: pd.DataFrame, before: date | None = None
) -> Mapping[str, list[Period]]:
    """Return the periods of each location, cut off at a day if one is given."""
    limit = pd.Timestamp(before or date.max, tz="UTC")
    return {
        str(slug): [(a, min(b, limit)) for a, b in zip(own["start"], own["end"], strict=True)]
        for slug, own in periods[periods["start"] < limit].groupby("location")
    }


class Records:
    """Makes the rows of `ingested_periods` and `incomplete_days`; takes those before the run."""

    def __init__(
        self, periods: pd.DataFrame, days: pd.DataFrame, as_of: pd.Timestamp, today: pd.Timestamp
    ) -> None:
        self._periods = periods_by_location(periods)
        self._gaps = {
            (row["location"], row["day"]): (row["missing"], row["first_requested"])
            for row in days.to_dict("records")
        }
        self._as_of, self._today = as_of, today

    def record(
        self, period: RequestedPeriod, fetched: Fetched, accepted: pd.DataFrame
    ) -> dict[str, pd.DataFrame]:
        """Record the days that lack values or no longer do, and what was requested first now."""
        slug, times = period.place.slug, fetched.frame["time"]
        whole = (pd.Timestamp(period.start, tz="UTC"), pd.Timestamp(period.end, tz="UTC"))
        new = missing_periods(whole, self._periods.get(slug, []))
        periods = [
            (slug, start, end, int(((times >= start) & (times < end)).sum()), period.place.source)
            for start, end in new
        ]
        names = [name for name in VARIABLES if name not in fetched.absent]
        days = pd.date_range(*whole, freq="D", inclusive="left", unit="us")
        hours = accepted[names].notna().groupby(accepted["time"].dt.floor("D")).sum()
        rows = []
        lacking = (24 - hours.reindex(days, fill_value=0)).to_dict("records")
        for day, counts in zip(days, lacking, strict=True):
            before, first = self._gaps.get((slug, day), ({}, self._today))
            missing = {str(name): int(count) for name, count in counts.items() if count}
            if not any(overlaps((day, day + DAY), each) for each in new):
                # a value that was known is not lost again
                missing = {n: min(c, before[n]) for n, c in missing.items() if before.get(n)}
            if missing or before:
                rows.append((slug, day, missing, first, self._today, self._as_of))
        columns = ["day", "missing", "first_requested", "last_requested", "last_as_of"]
        return {
            "incomplete_days": pd.DataFrame(rows, columns=["location", *columns]),
            "ingested_periods": pd.DataFrame(
                periods, columns=["location", "start", "end", "rows", "source"]
            ),
        }


def summarize_missing(days: pd.DataFrame) -> pd.DataFrame:
    """Join consecutive `incomplete_days` that lack the same variables, the longest first: location,
    start and end (first and last day), variables, hours, first_requested, and `repeated`, whether
    they are requested again.
    """
    lacking = days[days["missing"].astype(bool)].sort_values(["location", "day"])
    lacking = lacking.assign(
        variables=lacking["missing"].map(_names).astype("str"),
        hours=lacking["missing"].map(lambda missing: max(missing.values())).astype("int64"),
    )
    keys = ["location", "variables", "repeated"]
    run = lacking["day"] - lacking.groupby(keys).cumcount() * DAY  # the same in consecutive days
    table = lacking.groupby([run.rename("run"), *keys], as_index=False).agg(
        start=("day", "min"),
        end=("day", "max"),
        hours=("hours", "sum"),
        first_requested=("first_requested", "min"),
    )
    columns = ["location", "start", "end", "variables", "hours", "first_requested", "repeated"]
    return table[columns].sort_values("hours", ascending=False, kind="stable", ignore_index=True)


def _names(missing: Mapping[str, Any]) -> str:
    names = [name for name in VARIABLES if name in missing]
    return "all variables" if len(names) == len(VARIABLES) else ", ".join(names)


class ModelPeriods:
    """Rows of `model_periods`: what a run need not request again, and what it adds."""

    def __init__(
        self,
        rows: pd.DataFrame,
        issued: pd.Timestamp,
        today: pd.Timestamp,
        ingestion: IngestionParameters,
        nwp: NwpParameters,
    ) -> None:
        self.issued, self._today = issued, today
        self._final_after = ingestion.final_after_days * DAY
        self._delay = pd.Timedelta(hours=nwp.publication_delay_hours)
        self._rows: dict[Key, list[dict[Any, Any]]] = {}
        for row in rows.drop(columns="fetched_at", errors="ignore").to_dict("records"):
            self._rows.setdefault((row["location"], row["product"], row["model"]), []).append(row)

    def due_until(self, product: str, as_of: pd.Timestamp) -> pd.Timestamp:
        """Return until when values of all lead days were published at an issue time."""
        return as_of - self._delay + (DAY if product == FORECAST else 0 * DAY)

    def known(self, key: Key) -> list[Period]:
        """Return the periods that need no request. A later `as_of` requests again the day before
        the end of what was published, as runs may be late; a gap is requested again once a day.
        """
        periods = []
        for row in self._rows.get(key, []):
            end, gap = row["end"], row["missing_from"]
            if self.issued > row["as_of"]:
                end = min(end, self.due_until(row["product"], row["as_of"]) - DAY)
            if self._today > row["last_requested"] and self._today - gap < self._final_after:
                end = min(end, gap)
            if end > row["start"]:
                periods.append((row["start"], end))
        return periods

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


def missing_periods(wanted: Period, have: Iterable[Period]) -> list[Period]:
    """Return what no period of `have` covers of `wanted`, in order of time."""
    start, end = wanted
    missing = []
    for known_start, known_end in sorted(have):
        if known_start >= end:
            break
        if known_start > start:
            missing.append((start, known_start))
        start = max(start, known_end)
    if start < end:
        missing.append((start, end))
    return missing


def overlaps(one: Period, other: Period) -> bool:
    """Tell whether two periods share an instant."""
    return one[0] < other[1] and other[0] < one[1]


def split_years(period: Period) -> list[tuple[date, date]]:
    """Whole UTC days of a period, none across a new year: first day, and day after the last."""
    start, end = (instant.astimezone(UTC) for instant in period)
    if end <= start:
        return []
    first, last = start.date(), (end - timedelta(microseconds=1)).date()
    bounds = [first, *(date(year, 1, 1) for year in range(first.year + 1, last.year + 1))]
    return list(zip(bounds, [*bounds[1:], last + timedelta(days=1)], strict=True))


def merge_periods(periods: Iterable[Period]) -> list[Period]:
    """Join periods less than two weeks apart: a request of its own costs as much as these days."""
    merged: list[Period] = []
    for start, end in sorted(periods):
        if merged and start - merged[-1][1] < _CHEAP:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
