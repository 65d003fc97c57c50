"""Which values of which days a source lacks, and which of them are requested again."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from triptych.weather.request_periods import Period
from triptych.weather.variables import VARIABLES

DAY = pd.Timedelta(days=1)
HOURS = 24

Missing = dict[str, int]  # hours by variable, without those that have all


def missing_by_day(
    frame: pd.DataFrame, start: date, end: date, variables: Sequence[str]
) -> dict[pd.Timestamp, Missing]:
    """Count the missing hours of each variable and UTC day from `start` up to, excluding, `end`.

    Args:
        frame: time (UTC, on the hour, unique) and the variables.
    """
    days = pd.date_range(start, end, freq="D", tz="UTC", inclusive="left", unit="us")
    known = frame[list(variables)].notna().groupby(frame["time"].dt.floor("D")).sum()
    missing = HOURS - known.reindex(days, fill_value=0)
    return {
        day: {str(name): int(hours) for name, hours in row.items() if hours}
        for day, row in zip(days, missing.to_dict("records"), strict=True)
    }


def still_missing(found: Missing, before: Mapping[str, int]) -> Missing:
    """Combine a repeated response with what was missing before: a known value is not lost again."""
    return {
        name: min(hours, before[name])
        for name, hours in found.items()
        if hours and before.get(name)
    }


def is_open(
    days: pd.DataFrame, today: pd.Timestamp, final_after: pd.Timedelta
) -> "pd.Series[bool]":
    """Tell which rows of `incomplete_days` lack something that may still come."""
    return days["missing"].astype(bool) & (today - days["first_requested"] < final_after)


def days_to_repeat(
    days: pd.DataFrame, as_of: pd.Timestamp, today: pd.Timestamp, final_after: pd.Timedelta
) -> dict[str, list[Period]]:
    """Return the days to request again, by location: once a day, or for a later `as_of`."""
    due = (days["last_requested"] != today) | (days["last_as_of"] < as_of)
    chosen = days[is_open(days, today, final_after) & due]
    return {
        str(slug): [(day, day + DAY) for day in own["day"]]
        for slug, own in chosen.groupby("location")
    }


def summarize_missing(days: pd.DataFrame) -> pd.DataFrame:
    """Join consecutive days that lack the same variables.

    Args:
        days: rows of `incomplete_days` and `repeated`: whether they are requested again.

    Returns:
        location, start and end (first and last day), variables, hours (of which a variable is
        missing), first_requested, repeated; the longest first.
    """
    lacking = days[days["missing"].astype(bool)].sort_values(["location", "day"])
    lacking = lacking.assign(
        variables=lacking["missing"].map(_names).astype("str"),
        hours=lacking["missing"].map(lambda missing: max(missing.values())).astype("int64"),
    )
    keys = ["location", "variables", "repeated"]
    same = (lacking[keys] == lacking[keys].shift()).all(axis=1)
    run = (~(same & (lacking["day"].diff() == DAY))).cumsum().rename("run")
    table = lacking.groupby([run, *keys], as_index=False).agg(
        start=("day", "min"),
        end=("day", "max"),
        hours=("hours", "sum"),
        first_requested=("first_requested", "min"),
    )
    columns = ["location", "start", "end", "variables", "hours", "first_requested", "repeated"]
    return table[columns].sort_values("hours", ascending=False, kind="stable", ignore_index=True)


def _names(missing: Mapping[str, Any]) -> str:
    if set(VARIABLES) <= set(missing):
        return "all variables"
    return ", ".join(sorted(missing, key=list(VARIABLES).index))
