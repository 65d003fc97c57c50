"""The gate that hourly rows pass before they are stored; what fails is kept apart, with its reason.

What is possible for each variable stands in `variables.py`.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from triptych.weather.errors import InvalidFrame
from triptych.weather.variables import DEW_POINT, TEMPERATURE, VARIABLES

if TYPE_CHECKING:
    import pandera.pandas as pa

# The archive rounds temperature and dew point apart from each other.
_DEW_POINT_TOLERANCE = 0.5
_LONGEST_REASON = 500
_WHOLE_ROW = "the row"
_WORDS = {
    "multiple_fields_uniqueness": "repeats the location and time of one before",
    "not_nullable": "is missing",
}


class Checked(NamedTuple):
    """Rows apart.

    Attributes:
        accepted: the rows that passed, as they came, with a fresh index.
        rejected: location, time, reason and row (a dict that JSON can hold); one row a refused row.
    """

    accepted: pd.DataFrame
    rejected: pd.DataFrame


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
    reasons: dict[int, str] = {}
    try:
        hourly_schema().validate(rows, lazy=True)
    except SchemaErrors as error:
        reasons = _reasons(error.failure_cases)
    refused = rows.index.isin(list(reasons))
    return Checked(rows[~refused].reset_index(drop=True), _rejected(rows[refused], reasons))


def hourly_schema() -> "pa.DataFrameSchema":
    """The schema of hourly rows, for Pandera."""
    import pandera.pandas as pa

    on_the_hour = pa.Check(lambda time: time == time.dt.floor("h"), error="is not on the hour")
    columns = {"location": pa.Column(), "time": pa.Column(checks=on_the_hour)}
    for name, variable in VARIABLES.items():
        limits = f"is not within {variable.lowest:g} to {variable.highest:g} {variable.unit}"
        possible = pa.Check.in_range(variable.lowest, variable.highest, error=limits)
        columns[name] = pa.Column(checks=possible, nullable=True, required=name == TEMPERATURE)
    return pa.DataFrameSchema(
        columns,
        checks=pa.Check(_dew_point_possible, error=f"has {DEW_POINT} above {TEMPERATURE}"),
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


def _dew_point_possible(rows: pd.DataFrame) -> "pd.Series[bool]":
    if DEW_POINT not in rows:
        return pd.Series(True, index=rows.index)
    return ~(rows[DEW_POINT] > rows[TEMPERATURE] + _DEW_POINT_TOLERANCE)


def _reasons(cases: pd.DataFrame) -> dict[int, str]:
    """Join what is wrong with each row, by the row's position."""
    # a check of whole rows is reported once for each column: the first stands for all
    own = cases["column"].where(cases["schema_context"] == "Column", _WHOLE_ROW)
    reasons: dict[int, list[str]] = {}
    cases = cases.assign(column=own).drop_duplicates(["index", "column", "check"])
    for case in cases.to_dict("records"):
        reasons.setdefault(int(case["index"]), []).append(_reason(case))
    return {position: "; ".join(texts)[:_LONGEST_REASON] for position, texts in reasons.items()}


def _reason(case: dict[Any, Any]) -> str:
    text = f"{case['column']} {_WORDS.get(case['check'], case['check'])}"
    if case["column"] == _WHOLE_ROW or pd.isna(case["failure_case"]):
        return text
    return f"{text} (found {case['failure_case']})"


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
