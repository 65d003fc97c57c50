"""The gate that hourly rows pass before they are stored; what fails is kept apart, with its reason.

The rules themselves stand in `expectations.py`.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from triptych.weather.errors import InvalidFrame
from triptych.weather.expectations import REJECT, WHOLE_ROW, Expectation
from triptych.weather.variables import DEW_POINT, TEMPERATURE, VARIABLES

if TYPE_CHECKING:
    import pandera.pandas as pa

_LONGEST_REASON = 500
# Pandera's own names of two rules
_BUILT_IN = {"multiple_fields_uniqueness": "unique", "not_nullable": "not_null"}


class Checked(NamedTuple):
    """Rows apart.

    Attributes:
        accepted: the rows that passed, as they came, with a fresh index.
        rejected: location, time, reason and row (a dict that JSON can hold); one row a refused row.
        broken: column, rule and index (of the row as it came), example; one row a broken rule.
    """

    accepted: pd.DataFrame
    rejected: pd.DataFrame
    broken: pd.DataFrame


def check_hourly(frame: pd.DataFrame) -> Checked:
    """Check hourly rows: keys present, unique and on the hour in UTC, values possible.

    A missing value passes: it is the source's to lack. Of rows with one key the first passes.

    Args:
        frame: location, time (aware, UTC), temperature_2m and any of the other variables.

    Raises:
        InvalidFrame: a column is missing or has another type than it must have.
    """
    from pandera.errors import SchemaErrors

    rows = frame.reset_index(drop=True)
    _check_columns(rows)
    broken = pd.DataFrame({"column": [], "rule": [], "index": [], "example": []}, dtype=object)
    try:
        hourly_schema().validate(rows, lazy=True)
    except SchemaErrors as error:
        broken = _broken(error.failure_cases)
    reasons = _reasons(broken)
    refused = rows.index.isin(list(reasons))
    accepted = rows[~refused].reset_index(drop=True)
    return Checked(accepted, _rejected(rows[refused], reasons), broken)


def hourly_schema() -> "pa.DataFrameSchema":
    """The schema of hourly rows, for Pandera: a check a rule, named as the rule."""
    import pandera.pandas as pa

    checks: dict[str, list[pa.Check]] = {"location": [], "time": [], **{n: [] for n in VARIABLES}}
    for e in REJECT:
        if e.rule == "range":
            checks[e.column].append(pa.Check.in_range(e.lowest, e.highest, error=e.rule))
        if e.rule == "on_the_hour":
            checks[e.column].append(pa.Check(lambda t: t == t.dt.floor("h"), error=e.rule))
    needed = {e.column for e in REJECT if e.rule == "not_null"}
    (dew_point,) = (e for e in REJECT if e.rule == "below_temperature")
    return pa.DataFrameSchema(
        {
            name: pa.Column(
                checks=own, nullable=name not in needed, required=name in needed | {TEMPERATURE}
            )
            for name, own in checks.items()
        },
        checks=pa.Check(lambda rows: _dew_point_possible(rows, dew_point), error=dew_point.rule),
        unique=["location", "time"],
        report_duplicates="exclude_first",
    )


def _check_columns(rows: pd.DataFrame) -> None:
    missing = [name for name in ("location", "time", TEMPERATURE) if name not in rows]
    if missing:
        raise InvalidFrame(
            f"Hourly weather needs the column {', '.join(missing)}; found {list(rows.columns)}. "
            "Correct its source."
        )
    dtype = rows["time"].dtype
    if not (isinstance(dtype, pd.DatetimeTZDtype) and str(dtype.tz) == "UTC"):
        raise InvalidFrame(f"The column time must hold instants in UTC; found {dtype}. Convert it.")
    texts = [
        name for name in VARIABLES if name in rows and not pd.api.types.is_numeric_dtype(rows[name])
    ]
    if texts:
        raise InvalidFrame(
            f"The column {', '.join(texts)} must hold numbers; found {rows[texts[0]].dtype}. "
            "Convert it."
        )


def _dew_point_possible(rows: pd.DataFrame, expected: Expectation) -> "pd.Series[bool]":
    if DEW_POINT not in rows:
        return pd.Series(True, index=rows.index)
    return ~(rows[DEW_POINT] > rows[TEMPERATURE] + expected.highest)


def _broken(cases: pd.DataFrame) -> pd.DataFrame:
    """Name the rules that rows break; a check of whole rows is reported once for each column."""
    return pd.DataFrame(
        {
            "column": cases["column"].where(cases["schema_context"] == "Column", WHOLE_ROW),
            "rule": cases["check"].replace(_BUILT_IN),
            "index": cases["index"].astype(int),
            "example": cases["failure_case"],
        }
    ).drop_duplicates(["index", "column", "rule"], ignore_index=True)


def _reasons(broken: pd.DataFrame) -> dict[int, str]:
    """Join what is wrong with each row, by the row's position."""
    texts = {(e.column, e.rule): e.text for e in REJECT}
    reasons: dict[int, list[str]] = {}
    for case in broken.to_dict("records"):
        reason = f"{case['column']} {texts[case['column'], case['rule']]}"
        if case["column"] != WHOLE_ROW and not pd.isna(case["example"]):
            reason += f" (found {case['example']})"
        reasons.setdefault(case["index"], []).append(reason)
    return {position: "; ".join(parts)[:_LONGEST_REASON] for position, parts in reasons.items()}


def _rejected(refused: pd.DataFrame, reasons: dict[int, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "location": refused["location"].fillna("(none)").to_numpy(),
            "time": refused["time"].array,
            "reason": pd.array([reasons[position] for position in refused.index], dtype="str"),
            "row": pd.Series([_plain(row) for row in refused.to_dict("records")], dtype=object),
        }
    )


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """Make a row fit for JSON: times as ISO 8601, what is missing or infinite as null or text."""
    plain: dict[str, Any] = {}
    for name, value in row.items():
        if pd.isna(value):
            plain[name] = None
        elif isinstance(value, pd.Timestamp):
            plain[name] = value.isoformat().replace("+00:00", "Z")
        else:
            plain[name] = str(value) if value in (float("inf"), float("-inf")) else value
    return plain
