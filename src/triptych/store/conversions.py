"""Turn Python values into what a column takes, a column at a time."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, Dialect, Float, Integer, String

from triptych.store.types import Json

Convert = Callable[[Sequence[Any]], list[Any]]

_LARGEST = 2**31 - 1  # of PostgreSQL's integer


def converter(column: Column[Any], dialect: Dialect) -> Convert:
    """Make the function that converts a list of values for one column.

    None, NaN and NaT become NULL: a NaN never enters the database. SQLite would take a value of
    any type in any column; here a wrong one is refused, as PostgreSQL refuses it.

    Raises:
        ValueError, TypeError: (from the function) a value that the column must not hold.
    """
    if isinstance(column.type, Float):
        return _floats
    if isinstance(column.type, String):
        return _texts
    if isinstance(column.type, Integer):
        return _distinct(_whole)
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return list
    if isinstance(column.type, Json):
        return lambda values: [bind(value) for value in values]
    return _distinct(bind)


def _floats(values: Sequence[Any]) -> list[float | None]:
    # A NaN is what differs from itself. The tests stand here, not in a function: a call for each
    # of a million values takes longer than writing them.
    return [
        value if type(value) is float and value == value else _float(value)  # noqa: PLR0124
        for value in values
    ]


def _texts(values: Sequence[Any]) -> list[str | None]:
    return [value if type(value) is str and "\0" not in value else _text(value) for value in values]


def _distinct(convert: Callable[[Any], Any]) -> Convert:
    """Convert each distinct object once: the same instant or number often fills a column.

    By identity, since hashing an aware datetime takes longer than converting it.
    """

    def convert_all(values: Sequence[Any]) -> list[Any]:
        keys = list(map(id, values))
        objects = dict(zip(keys, values, strict=True))
        known = {key: None if _missing(value) else convert(value) for key, value in objects.items()}
        return list(map(known.__getitem__, keys))

    return convert_all


def _missing(value: Any) -> bool:
    return value is None or bool(value != value)  # noqa: PLR0124


def _float(value: Any) -> float | None:
    return None if _missing(value) else float(value)


def _text(value: Any) -> str | None:
    if _missing(value):
        return None
    if not isinstance(value, str):
        raise TypeError(f"text is needed, got {value!r}")
    if "\0" in value:
        raise ValueError(f"text has no NUL character, got {value!r}")
    return value


def _whole(value: Any) -> int:
    if value != int(value) or abs(value) > _LARGEST:
        raise ValueError(f"a whole number of up to {_LARGEST} is needed, got {value!r}")
    return int(value)
