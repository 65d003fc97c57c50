"""Checks of hourly rows and values before they are stored; what fails is kept with its reason.

The rules themselves stand in `expectations.py`.
"""

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pandas as pd

from triptych.weather.errors import InvalidFrame
from triptych.weather.validation.expectations import REJECT, VALUE_RULES, WHOLE_ROW, Expectation
from triptych.weather.variables import DEW_POINT, TEMPERATURE, VARIABLES

if TYPE_CHECKING:
    import pandera.pandas as pa

_LONGEST_REASON = 500
_Key = TypeVar("_Key")
# Pandera's own names of two rules
_BUILT_IN = {"multiple_fields_uniqueness": "unique", "not_nullable": "not_null"}


class Checked(NamedTuple):
    """Rows apart.

    Attributes:
        accepted: the rows that passed, with a fresh index; NaN where a value was rejected.
        rejected: location, time, variable (None: the whole row), reason and row (a dict that JSON
            can hold: the value by its variable, or the row); one row a rejected row or value.
        broken: column, rule and index (of the row as it came); one row a broken rule.
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
    broken = pd.DataFrame({"column": [], "rule": [], "index": []}, dtype=object)
    try:
        hourly_schema().validate(rows, lazy=True)
    except SchemaErrors as error:
        broken = _broken(error.failure_cases)
    refused = set(broken["index"][~broken["rule"].isin(VALUE_RULES)])
    of_rows, of_values = _reasons(rows, broken, refused)
    accepted = _without_values(rows, list(of_values))
    accepted = accepted[~rows.index.isin(list(refused))].reset_index(drop=True)
    return Checked(accepted, _rejected(rows, of_rows, of_values), broken)


def _without_values(rows: pd.DataFrame, places: list[tuple[int, str]]) -> pd.DataFrame:
    positions: dict[str, list[int]] = {}
    for position, variable in places:
        positions.setdefault(variable, []).append(position)
    left = {name: rows[name].mask(rows.index.isin(own)) for name, own in positions.items()}
    return rows.assign(**left)


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
    """Compare with the temperature where that is possible itself."""
    if DEW_POINT not in rows:
        return pd.Series(True, index=rows.index)
    (limits,) = (e for e in REJECT if (e.column, e.rule) == (TEMPERATURE, "range"))
    possible = rows[TEMPERATURE].between(limits.lowest, limits.highest)
    return ~(possible & (rows[DEW_POINT] > rows[TEMPERATURE] + expected.highest))


def _broken(cases: pd.DataFrame) -> pd.DataFrame:
    """Name the rules that rows break; a check of whole rows is reported once for each column."""
    of_column = cases["schema_context"] == "Column"
    rule = cases["check"].replace(_BUILT_IN)
    column = cases["column"].where(of_column, WHOLE_ROW)
    return pd.DataFrame(
        {
            "column": column.mask(rule == "below_temperature", DEW_POINT),
            "rule": rule,
            "index": cases["index"].astype(int),
        }
    ).drop_duplicates(ignore_index=True)


def _reasons(
    rows: pd.DataFrame, broken: pd.DataFrame, refused: set[int]
) -> tuple[dict[int, str], dict[tuple[int, str], str]]:
    """Join what is wrong with each rejected row, and with each rejected value of another row."""
    texts = {(e.column, e.rule): e.text for e in REJECT}
    of_rows: dict[int, list[str]] = {}
    of_values: dict[tuple[int, str], list[str]] = {}
    for column, rule, position in broken.itertuples(index=False):
        reason = f"{column} {texts[column, rule]}"
        if column != WHOLE_ROW and not pd.isna(found := rows[column].iloc[position]):
            reason += f" (found {found})"
        if position in refused:
            of_rows.setdefault(position, []).append(reason)
        else:
            of_values.setdefault((position, column), []).append(reason)
    return _joined(of_rows), _joined(of_values)


def _joined(reasons: dict[_Key, list[str]]) -> dict[_Key, str]:
    return {key: "; ".join(parts)[:_LONGEST_REASON] for key, parts in reasons.items()}


def _rejected(
    rows: pd.DataFrame, of_rows: dict[int, str], of_values: dict[tuple[int, str], str]
) -> pd.DataFrame:
    positions = [*of_rows, *(position for position, _ in of_values)]
    variables = [*([None] * len(of_rows)), *(variable for _, variable in of_values)]
    found = rows.iloc[positions]
    contents = [
        _plain(row if variable is None else {variable: row[variable]})
        for variable, row in zip(variables, found.to_dict("records"), strict=True)
    ]
    return pd.DataFrame(
        {
            "location": found["location"].fillna("(none)").to_numpy(),
            "time": found["time"].array,
            "variable": pd.array(variables, dtype="str"),
            "reason": pd.array([*of_rows.values(), *of_values.values()], dtype="str"),
            "row": pd.Series(contents, dtype=object),
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
