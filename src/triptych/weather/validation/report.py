"""Validate a response by every expectation: what may be stored, and a report, a row a rule."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

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
from triptych.weather.variables import DEW_POINT, TEMPERATURE, VARIABLES

if TYPE_CHECKING:
    import pandera.pandas as pa

REPORT_COLUMNS = (
    "location", "start", "end", "column", "rule", "level", "lowest", "highest", "unit",
    "checked", "failed", "share", "tolerated", "verdict", "example", "why",
)  # fmt: skip
HOUR = pd.Timedelta(hours=1)
Found = dict[str, Any]  # checked, failed, example and perhaps limits
_LONGEST_REASON = 500
# Pandera's own names of two rules
_BUILT_IN = {"multiple_fields_uniqueness": "unique", "not_nullable": "not_null"}


class RequestedPeriod(NamedTuple):
    """What was requested of a location: the days from `start` up to, not including, `end`."""

    place: Location
    start: date
    end: date
    expected_until: datetime  # when the data of the source should end: later hours are not due yet


def validate_hourly(
    frame: pd.DataFrame, period: RequestedPeriod, max_rejected_share: float
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Validate the hourly rows of one location (`frame` as in `check_hourly`).

    The rules of REJECT apply to all rows, those of WARN to the accepted ones. Of a variable with
    more than `max_rejected_share` rejected values, nothing is accepted.

    Returns accepted and rejected rows as `check_hourly` gives them, and the report: REPORT_COLUMNS,
    a row a rule. A verdict is `ok`, `unchecked` (nothing to check), `warn`, `reject`, `drop`
    (nothing of the variable is accepted) or `stop` (nothing of the response is to be stored: too
    many rows or temperatures are rejected).
    """
    accepted, rejected, broken = check_hourly(frame)
    untrusted = [
        str(name)
        for name, count in rejected["variable"].value_counts().items()
        if explain_excess(int(count), int(frame[name].count()), max_rejected_share)
    ]
    accepted = accepted.assign(**dict.fromkeys(untrusted, np.nan))
    rows = accepted.sort_values("time", ignore_index=True)
    threshold = Expectation(
        WHOLE_ROW, "rejected_share", "ingestion.max_rejected_share", tolerated=max_rejected_share
    )
    known = {WHOLE_ROW, *frame}
    found = {e: _count_rejected(e, frame, broken) for e in REJECT if e.column in known}
    found |= {e: _check_response(e, rows, period) for e in WARN if e.column in known}
    found[threshold] = {"checked": len(frame), "failed": int(rejected["variable"].isna().sum())}
    levels = dict.fromkeys(REJECT, "reject") | dict.fromkeys(WARN, "warn") | {threshold: "stop"}
    lines = [asdict(e) | {"level": levels[e], "example": ""} | each for e, each in found.items()]
    report = pd.DataFrame(lines).replace([np.inf, -np.inf], np.nan)  # no limit: an empty field
    share = report["failed"] / report["checked"].clip(lower=1)
    report = report.assign(
        location=period.place.slug, start=str(period.start), end=str(period.end),
        share=share.round(6), verdict=report["level"].where(share > report["tolerated"], "ok"),
    )[list(REPORT_COLUMNS)]  # fmt: skip
    report["verdict"] = report["verdict"].where(report["checked"] > 0, "unchecked")
    broken_values = (report["verdict"] == "reject") & report["rule"].isin(VALUE_RULES)
    for name in untrusted:
        verdict = "stop" if name == TEMPERATURE else "drop"
        report.loc[broken_values & (report["column"] == name), "verdict"] = verdict
    return accepted, rejected, report


def _count(labels: Any, failed: Any, values: Any = None, spec: str = "") -> Found:
    """Count what breaks a rule, with the first example: its time or month, and value."""
    failed, example = np.asarray(failed, dtype=bool), ""
    if failed.any():
        first = int(failed.argmax())
        example = list(labels)[first]
        if not isinstance(example, str):
            example = "no time" if pd.isna(example) else f"{example:%Y-%m-%dT%H:%MZ}"
        if values is not None:
            example += f": {format(list(values)[first], spec)}"
    return {"checked": len(failed), "failed": int(failed.sum()), "example": example}


def _count_rejected(expected: Expectation, frame: pd.DataFrame, broken: pd.DataFrame) -> Found:
    """Count the rows or values that a rule rejects; value rules are about known values."""
    own = broken[(broken["column"] == expected.column) & (broken["rule"] == expected.rule)]
    failed = np.isin(np.arange(len(frame)), own["index"].to_numpy(dtype=int))
    if expected.rule not in VALUE_RULES:
        return _count(frame["time"], failed)
    values = frame[expected.column]
    known = values.notna().to_numpy()
    return _count(frame["time"][known], failed[known], values[known])


def _check_response(expected: Expectation, rows: pd.DataFrame, period: RequestedPeriod) -> Found:
    """Check a rule of WARN; `rows` are in order of time."""
    times, values = rows["time"], rows[expected.column]
    consecutive = times.diff() == HOUR
    if expected.rule == "regular_grid":
        start = pd.Timestamp(period.start, tz="UTC")
        hours = pd.date_range(start, period.expected_until, freq="h", inclusive="left")
        return _count(hours, ~hours.isin(times))
    if expected.rule == "not_null":
        return _count(times, values.isna())
    if expected.rule == "jump":  # from an hour to the next, where both have a value
        steps = values.diff()[consecutive].dropna()
        return _count(times[steps.index], steps.abs() > expected.highest, steps, "+g")
    if expected.rule == "flat_line":  # hours in runs of one value
        same = consecutive & (values.diff() == 0)
        run = (~same).cumsum()[values.notna()]
        too_long = run.map(run.value_counts()) > expected.highest
        return _count(times[run.index], too_long, values[run.index], "g")
    table = values.groupby(times.dt.strftime("%Y-%m")).agg(["mean", "count"])
    means = table["mean"][table["count"] >= MONTHLY_HOURS]
    if means.empty:
        return {"checked": 0, "failed": 0}
    place = period.place
    lowest, highest = np.array([
        monthly_bounds(expected.column, place.latitude, place.elevation, int(month[-2:]))
        for month in means.index
    ]).T  # fmt: skip
    extremes = {"lowest": round(float(lowest.min()), 1), "highest": round(float(highest.max()), 1)}
    return _count(means.index, (means < lowest) | (means > highest), means, ".1f") | extremes


def check_hourly(
    frame: pd.DataFrame, keys: Sequence[str] = ("location", "time")
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Check hourly rows: keys present, unique (the first passes) and on the hour, values possible.

    `frame`: the keys (location, time in UTC, perhaps others), temperature_2m and any of the other
    variables.

    Returns the rows that passed, with a fresh index and NaN where a value was rejected; the
    rejected rows and values: the keys, variable (None: the whole row), reason and row (for JSON);
    the broken rules: column, rule and index (of the row as it came).
    """
    from pandera.errors import SchemaErrors

    rows = frame.reset_index(drop=True)
    broken = pd.DataFrame({"column": [], "rule": [], "index": []}, dtype=object)
    try:
        hourly_schema(keys).validate(rows, lazy=True)
    except SchemaErrors as error:
        broken = _broken(error.failure_cases)
    refused = broken["index"][~broken["rule"].isin(VALUE_RULES)]
    texts = {(e.column, e.rule): e.text for e in REJECT}
    faults = broken.assign(
        variable=broken["column"].where(~broken["index"].isin(refused), None),
        reason=[
            f"{column} {texts[column, rule]}{_found(rows, column, index)}"
            for column, rule, index in broken.itertuples(index=False)
        ],
    )
    of_one = faults.groupby(["index", "variable"], sort=False, dropna=False)["reason"]
    reasons = of_one.agg("; ".join).astype("str").str[:_LONGEST_REASON].reset_index()
    accepted = rows.copy(deep=False)
    for variable, own in reasons.groupby("variable"):
        accepted[variable] = rows[variable].mask(rows.index.isin(own["index"]))
    accepted = accepted[~rows.index.isin(refused)].reset_index(drop=True)
    return accepted, _rejected(rows, reasons, keys), broken


def hourly_schema(keys: Sequence[str]) -> "pa.DataFrameSchema":
    """Return the Pandera schema of hourly rows: a check for each rule, named as the rule."""
    import pandera.pandas as pa

    limits = {(e.column, e.rule): (e.lowest, e.highest) for e in REJECT}
    on_the_hour = pa.Check(lambda times: times == times.dt.floor("h"), error="on_the_hour")
    columns = {"location": pa.Column(), "time": pa.Column(checks=on_the_hour)}
    for name in VARIABLES:
        possible = pa.Check.in_range(*limits[name, "range"], error="range")
        columns[name] = pa.Column(checks=possible, nullable=True, required=False)

    def below_temperature(rows: pd.DataFrame) -> "pd.Series[bool]":
        """Compare the dew point with the temperature where that is possible itself."""
        sound = rows[TEMPERATURE].between(*limits[TEMPERATURE, "range"])
        highest = rows[TEMPERATURE] + limits[DEW_POINT, "below_temperature"][1]
        return ~(sound & (rows[DEW_POINT] > highest)) if DEW_POINT in rows else sound | True

    return pa.DataFrameSchema(
        columns,
        checks=pa.Check(below_temperature, error="below_temperature"),
        unique=list(keys),
        report_duplicates="exclude_first",
    )


def _broken(cases: pd.DataFrame) -> pd.DataFrame:
    """Name the rules that rows break; a check of whole rows is reported once for each column."""
    rule = cases["check"].replace(_BUILT_IN)
    column = cases["column"].where(cases["schema_context"] == "Column", WHOLE_ROW)
    column = column.mask(rule == "below_temperature", DEW_POINT)
    broken = pd.DataFrame({"column": column, "rule": rule, "index": cases["index"].astype(int)})
    return broken.drop_duplicates(ignore_index=True)


def _found(rows: pd.DataFrame, column: str, index: int) -> str:
    found = None if column == WHOLE_ROW else rows[column].iloc[index]
    return "" if pd.isna(found) else f" (found {found})"


def _rejected(rows: pd.DataFrame, reasons: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    found = rows.iloc[reasons["index"].to_numpy(dtype=int)].reset_index(drop=True)
    finite = found.replace({np.inf: "inf", -np.inf: "-inf"})
    plain = json.loads(finite.to_json(orient="records", date_format="iso", date_unit="s"))
    contents = [
        row if pd.isna(variable) else {variable: row[variable]}
        for variable, row in zip(reasons["variable"], plain, strict=True)
    ]
    return found[list(keys)].assign(
        location=found["location"].fillna("(none)"),
        variable=reasons["variable"].astype("str"),
        reason=reasons["reason"].astype("str"),
        row=pd.Series(contents, dtype=object),
    )
