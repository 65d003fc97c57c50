"""Convert Python values to what a column stores, a column at a time."""

from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any

from sqlalchemy import Boolean, Column, Dialect, Float, Integer, String

from triptych.store.types import UtcDateTime

Convert = Callable[[Iterable[Any]], list[Any]]

_LARGEST = 2**31 - 1  # of PostgreSQL's integer


def converter(column: Column[Any], dialect: Dialect) -> Convert:
    """Make the function that converts the values of one column, in one pass over them.

    None, NaN and NaT become NULL: a NaN never enters the database. SQLite would take a value of
    any type in any column; here a wrong one is refused, as PostgreSQL refuses it.

    Raises:
        ValueError, TypeError: (from the function) a value that the column must not hold.
    """
    for kind, convert in _BY_TYPE.items():
        if isinstance(column.type, kind):
            return convert
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    assert bind is not None  # noqa: S101 - of the project's own types, the only ones left
    if isinstance(column.type, UtcDateTime):
        return lambda values: list(map(_Instants(bind).__getitem__, values))
    return lambda values: [bind(value) for value in values]


# The loops below test for the usual type inline: a function call for each of a million values
# takes longer than writing them.


def _floats(values: Iterable[Any]) -> list[float | None]:
    return [  # a NaN is what differs from itself
        value if type(value) is float and value == value else _float(value)  # noqa: PLR0124
        for value in values
    ]


def _integers(values: Iterable[Any]) -> list[int | None]:
    return [
        value if type(value) is int and -_LARGEST <= value <= _LARGEST else _integer(value)
        for value in values
    ]


def _texts(values: Iterable[Any]) -> list[str | None]:
    return [value if type(value) is str and "\0" not in value else _text(value) for value in values]


def _booleans(values: Iterable[Any]) -> list[bool | None]:
    return [_boolean(value) for value in values]


class _Instants(dict[Any, Any]):
    """Caches converted instants: formatting takes ten times as long as a look-up.

    Only instants in UTC are cached: in other zones, both readings of a repeated hour are equal.
    """

    def __init__(self, bind: Callable[[Any], Any]) -> None:
        self._bind = bind

    def __missing__(self, value: Any) -> Any:
        converted = None if _missing(value) else self._bind(value)
        if getattr(value, "tzinfo", None) is UTC:
            self[value] = converted
        return converted


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


def _integer(value: Any) -> int | None:
    if _missing(value):
        return None
    if value != int(value) or abs(value) > _LARGEST:
        raise ValueError(f"a whole number of up to {_LARGEST} is needed, got {value!r}")
    return int(value)


def _boolean(value: Any) -> bool | None:
    if not _missing(value) and value not in (True, False):
        raise ValueError(f"true or false is needed, got {value!r}")
    return None if _missing(value) else bool(value)


_BY_TYPE: dict[type[Any], Convert] = {
    Float: _floats,
    String: _texts,
    Integer: _integers,
    Boolean: _booleans,
}
