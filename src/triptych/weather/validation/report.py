"""Judge an answer by every expectation: what may be stored, and a report, a row a rule."""

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from triptych.classification.sources import explain_excess
from triptych.weather.locations import Location
from triptych.weather.validation.expectations import (
    MONTHLY_HOURS,
    REJECT,
    VALUE_RULES,
    WARN,
    WHOLE_ROW,
    Expectation,
    monthly_bounds,
)
from triptych.weather.validation.schemas import check_hourly
from triptych.weather.variables import TEMPERATURE

REPORT_COLUMNS = (
    "location", "start", "end", "column", "rule", "level", "lowest", "highest", "unit",
    "checked", "failed", "share", "tolerated", "verdict", "example", "why",
)  # fmt: skip


class Answer(NamedTuple):
    """What was asked, and of whom.

    Attributes:
        place: the location.
        start: the first day.
        end: the day after the last.
        expected_until: up to when the source should have data: later hours are not due yet.
    """

    place: Location
    start: date
    end: date
    expected_until: datetime


class Validation(NamedTuple):
    """An answer that was judged.

    Attributes:
        accepted: the rows that may be stored; NaN where a value was rejected.
        rejected: location, time, variable, reason and row; one row a rejected row or value.
        report: the columns REPORT_COLUMNS; one row a rule, and one for the share of rejected rows.
            A verdict is `ok`, `unchecked` (there was nothing to check), `warn`,
            `reject`, `drop` (so much of the variable was rejected that none of it is accepted) or
            `stop` (nothing of the answer is to be stored).
    """

    accepted: pd.DataFrame
    rejected: pd.DataFrame
    report: pd.DataFrame

    @property
    def stopped(self) -> bool:
        """Tell whether too many rows, or temperatures, were rejected to trust the rest."""
        return bool((self.report["verdict"] == "stop").any())


class _Found(NamedTuple):
    checked: int
    failed: int
    example: str = ""
    lowest: float | None = None
    highest: float | None = None


def validate_hourly(
    frame: pd.DataFrame, answer: Answer, max_rejected_share: float = 1.0
) -> Validation:
    """Judge the hourly rows of one location.

    The rules of REJECT look at all rows, those of WARN at what they let pass. A rule about a
    column that the frame lacks is left out.

    Args:
        frame: location, time (aware, UTC), temperature_2m and any of the other variables.
        answer: what was asked.
        max_rejected_share: the share of rejected values of a variable above which none of them is
            accepted; the share of rejected rows or temperatures above which the verdict is `stop`.

    Raises:
        InvalidFrame: a column is missing or has another type than it must have.
    """
    accepted, rejected, broken = check_hourly(frame)
    untrusted = _untrusted(frame, rejected, max_rejected_share)
    accepted = accepted.assign(**dict.fromkeys(untrusted, np.nan))
    sorted_rows = accepted.sort_values("time", ignore_index=True)
    found = [(e, "reject", _refused(e, frame, broken)) for e in REJECT if _applies(e, frame)] + [
        (e, "warn", _WARN_RULES[e.rule](e, sorted_rows, answer))
        for e in WARN
        if _applies(e, sorted_rows)
    ]
    threshold = Expectation(
        WHOLE_ROW, "rejected_share", "ingestion.max_rejected_share", tolerated=max_rejected_share
    )
    refused_rows = int(rejected["variable"].isna().sum())
    found.append((threshold, "stop", _Found(len(frame), refused_rows)))
    lines = [_line(answer, *each) for each in found]
    report = pd.DataFrame(lines, columns=list(REPORT_COLUMNS))
    broken_values = (report["verdict"] == "reject") & report["rule"].isin(VALUE_RULES)
    for name in untrusted:
        verdict = "stop" if name == TEMPERATURE else "drop"
        report.loc[broken_values & (report["column"] == name), "verdict"] = verdict
    return Validation(accepted, rejected, report)


def _untrusted(frame: pd.DataFrame, rejected: pd.DataFrame, allowed: float) -> list[str]:
    """The variables of which a larger share of values was rejected than is allowed."""
    counts = rejected["variable"].value_counts()
    return [
        str(name)
        for name, count in counts.items()
        if explain_excess(int(count), int(frame[name].count()), allowed)
    ]


def empty_report() -> pd.DataFrame:
    """The report of a run that fetched nothing."""
    return pd.DataFrame(columns=list(REPORT_COLUMNS))


def _applies(expected: Expectation, frame: pd.DataFrame) -> bool:
    return expected.column == WHOLE_ROW or expected.column in frame


def _line(answer: Answer, expected: Expectation, level: str, found: _Found) -> dict[str, Any]:
    share = found.failed / found.checked if found.checked else 0.0
    return {
        "location": answer.place.slug,
        "start": answer.start.isoformat(),
        "end": answer.end.isoformat(),
        "column": expected.column,
        "rule": expected.rule,
        "level": level,
        "lowest": _limit(expected.lowest if found.lowest is None else found.lowest),
        "highest": _limit(expected.highest if found.highest is None else found.highest),
        "unit": expected.unit,
        "checked": found.checked,
        "failed": found.failed,
        "share": round(share, 6),
        "tolerated": expected.tolerated,
        "verdict": _verdict(level, found.checked, exceeded=share > expected.tolerated),
        "example": found.example,
        "why": expected.why,
    }


def _verdict(level: str, checked: int, *, exceeded: bool) -> str:
    if checked == 0:
        return "unchecked"
    return level if exceeded else "ok"


def _limit(value: float) -> float | None:
    """Leave the field empty where there is no limit."""
    return value if math.isfinite(value) else None


def _refused(expected: Expectation, frame: pd.DataFrame, broken: pd.DataFrame) -> _Found:
    """Count the rows or values that a rule rejects; value rules are about values that are there."""
    own = broken[(broken["column"] == expected.column) & (broken["rule"] == expected.rule)]
    of_values = expected.rule in VALUE_RULES
    checked = int(frame[expected.column].count()) if of_values else len(frame)
    if own.empty:
        return _Found(checked, 0)
    first = own["index"].iloc[0]
    example = _at(frame["time"].iloc[first])
    if of_values:
        example += f": {frame[expected.column].iloc[first]}"
    return _Found(checked, len(own), example)


def _grid(_: Expectation, rows: pd.DataFrame, answer: Answer) -> _Found:
    start = pd.Timestamp(answer.start, tz="UTC")
    hours = pd.date_range(start, answer.expected_until, freq="h", inclusive="left")
    missing = hours.difference(pd.DatetimeIndex(rows["time"]))
    return _Found(len(hours), len(missing), _at(missing[0]) if len(missing) else "")


def _missing(expected: Expectation, rows: pd.DataFrame, _: Answer) -> _Found:
    lost = rows["time"][rows[expected.column].isna()]
    return _Found(len(rows), len(lost), _at(lost.iloc[0]) if len(lost) else "")


def _jump(expected: Expectation, rows: pd.DataFrame, _: Answer) -> _Found:
    """Look at the change from each hour to the next, where both have a value."""
    steps = rows[expected.column].diff()[rows["time"].diff() == pd.Timedelta(hours=1)].dropna()
    far = steps[steps.abs() > expected.highest]
    first = f"{_at(rows['time'][far.index[0]])}: {far.iloc[0]:+g}" if len(far) else ""
    return _Found(len(steps), len(far), first)


def _flat(expected: Expectation, rows: pd.DataFrame, _: Answer) -> _Found:
    """Count the hours that lie in a run of one value which is longer than the limit."""
    known = rows[["time", expected.column]].dropna(ignore_index=True)
    same = (known[expected.column].diff() == 0) & (known["time"].diff() == pd.Timedelta(hours=1))
    run = (~same).cumsum()
    long = known[run.map(run.value_counts()) > expected.highest]
    first = f"{_at(long['time'].iloc[0])}: {long[expected.column].iloc[0]:g}" if len(long) else ""
    return _Found(len(known), len(long), first)


def _monthly(expected: Expectation, rows: pd.DataFrame, answer: Answer) -> _Found:
    """Compare the mean of each month that has enough values with what the climate allows."""
    month = rows["time"].dt.strftime("%Y-%m")
    table = rows.groupby(month)[expected.column].agg(["mean", "count"])
    means = table["mean"][table["count"] >= MONTHLY_HOURS]
    place = answer.place
    bounds = [
        monthly_bounds(expected.column, place.latitude, place.elevation, int(name[-2:]))
        for name in means.index
    ]
    if not bounds:
        return _Found(0, 0)
    lowest, highest = np.array(bounds).T
    off = means[(means < lowest) | (means > highest)]
    first = "".join(f"{name}: {mean:.1f}" for name, mean in off.head(1).items())
    extremes = round(float(lowest.min()), 1), round(float(highest.max()), 1)
    return _Found(len(means), len(off), first, *extremes)


def _at(time: Any) -> str:
    return "no time" if pd.isna(time) else str(time.strftime("%Y-%m-%dT%H:%MZ"))


_WARN_RULES: dict[str, Callable[[Expectation, pd.DataFrame, Answer], _Found]] = {
    "regular_grid": _grid,
    "not_null": _missing,
    "jump": _jump,
    "flat_line": _flat,
    "monthly_mean": _monthly,
}
