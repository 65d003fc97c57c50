"""Checks of hourly rows and values before they are stored; failures are rejected with a reason."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from triptych.weather.validation.expectations import REJECT, VALUE_RULES, WHOLE_ROW
from triptych.weather.variables import DEW_POINT, TEMPERATURE, VARIABLES

if TYPE_CHECKING:
    import pandera.pandas as pa

_LONGEST_REASON = 500
# Pandera's own names of two rules
_BUILT_IN = {"multiple_fields_uniqueness": "unique", "not_nullable": "not_null"}


def check_hourly(
    frame: pd.DataFrame, keys: Sequence[str] = ("location", "time")
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Check hourly rows: keys present, unique (the first passes) and on the hour, values possible.

    Args:
        frame: the keys, temperature_2m and any of the other variables.
        keys: location, time (aware, UTC), perhaps others.

    Returns:
        The rows that passed, with a fresh index and NaN where a value was rejected; the rejected
        rows and values: the keys, variable (None: the whole row), reason and row (for JSON); the
        broken rules: column, rule and index (of the row as it came).
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
