"""Convert Python values to what a column stores."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, Dialect, Float, Integer, String

from triptych.store.types import UtcDateTime

_LARGEST = 2**31 - 1  # of PostgreSQL's integer


def convert(column: Column[Any], dialect: Dialect, values: Sequence[Any]) -> list[Any]:
    """Convert the values of one column.

    None, NaN and NaT become NULL: a NaN never enters the database. SQLite would take a value of
    any type in any column; here a wrong one is refused, as PostgreSQL refuses it. Instants of zones
    with repeated hours must be in UTC: Python takes both readings of such an hour for equal.

    Raises:
        ValueError, TypeError: a value that the column must not hold.
    """
    for kind, convert_one in _BY_TYPE.items():
        if isinstance(column.type, kind):
            return [None if _missing(value) else convert_one(value) for value in values]
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    assert bind is not None  # noqa: S101 - of the project's own types, the only ones left
    if isinstance(column.type, UtcDateTime):  # formatting takes ten times as long as a look-up
        known = {value: None if _missing(value) else bind(value) for value in set(values)}
        return [known[value] for value in values]
    return [bind(value) for value in values]


def _missing(value: Any) -> bool:
    return value is None or bool(value != value)  # noqa: PLR0124 - a NaN differs from itself


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text is needed, got {value!r}")
    if "\0" in value:
        raise ValueError(f"text has no NUL character, got {value!r}")
    return value


def _integer(value: Any) -> int:
    if value != int(value) or abs(value) > _LARGEST:
        raise ValueError(f"a whole number of up to {_LARGEST} is needed, got {value!r}")
    return int(value)


_BY_TYPE: dict[type[Any], Callable[[Any], Any]] = {
    Float: float,
    String: _text,
    Integer: _integer,
}
