"""Turn Python values into what a column takes, a column at a time."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, Dialect, Float, Integer, String

from triptych.store.types import Json

Convert = Callable[[Sequence[Any]], list[Any]]


def converter(column: Column[Any], dialect: Dialect) -> Convert:
    """Make the function that converts a list of values for one column.

    None, NaN and NaT become NULL: a NaN never enters the database. SQLite would take a value of
    any type in any column; here a wrong one is refused, as PostgreSQL refuses it.

    Raises:
        ValueError, TypeError: (from the function) a value that the column must not hold.
    """
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    if isinstance(column.type, Json) and bind is not None:
        return lambda values: [bind(value) for value in values]
    one = _one(column, bind)
    # a NaN is what differs from itself; a call for each of a million values would be slow
    return lambda values: [
        None if value is None or value != value else one(value)  # noqa: PLR0124
        for value in values
    ]


def _one(column: Column[Any], bind: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    if isinstance(column.type, Float):
        return float
    if isinstance(column.type, Integer):
        return _whole
    if isinstance(column.type, String):
        return _text
    return bind or _same


def _whole(value: Any) -> int:
    if value != int(value):
        raise ValueError(f"a whole number is needed, got {value!r}")
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text is needed, got {value!r}")
    return value


def _same(value: Any) -> Any:
    return value
