"""Column types that behave alike on SQLite and PostgreSQL, and what they store of a value."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Float, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

_LARGEST = 2**31 - 1  # of PostgreSQL's integer


class UtcDateTime(TypeDecorator[datetime]):
    """An instant in UTC, to the second: `timestamptz` on PostgreSQL, ISO text with `Z` on SQLite.

    Takes and gives aware datetimes; a naive one is refused.
    """

    impl = DateTime(timezone=True).with_variant(String(20), "sqlite")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Convert to UTC on the way in."""
        if value is None:
            return None
        if not isinstance(value, datetime):
            raise TypeError(f"an instant is needed, got {value!r}")
        if value.tzinfo is None:
            raise ValueError(f"An instant needs its time zone; got the naive {value!r}. Use UTC.")
        instant = value if value.tzinfo is UTC else value.astimezone(UTC)
        if dialect.name == "sqlite":
            return f"{instant.isoformat()[:19]}Z"  # sorts as it reads
        return instant.replace(microsecond=0)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give UTC on the way out."""
        if value is None:
            return None
        return _parse(value) if isinstance(value, str) else value.astimezone(UTC)


@lru_cache(maxsize=2**16)  # tables repeat their instants: a year of hours is read 6 times faster
def _parse(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A JSON document: `jsonb`, which has an equality, on PostgreSQL; sorted text on SQLite.

    Equal documents are equal in both, whatever the order of their keys, so that writing one again
    is no change. A NaN becomes null; an infinity is refused, since JSON has none.
    """

    impl = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Reduce to what JSON can hold."""
        return _plain(value)


def _plain(value: Any) -> Any:
    """Copy a document with sorted keys, null for NaN, instants as text and numpy's as Python's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        if math.isinf(value):
            raise ValueError(f"JSON holds no infinity; got {value!r}.")
        return None if math.isnan(value) else float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "tolist"):  # a number or array of numpy, which the store does not import
        return _plain(value.tolist())
    raise ValueError(f"JSON holds no {type(value).__name__}; got {value!r}.")


def convert(column: Column[Any], dialect: Dialect, values: Sequence[Any]) -> list[Any]:
    """Convert the values of one column; None, NaN and NaT become NULL.

    SQLite would take a value of any type in any column; here a wrong one is a ValueError or
    TypeError, as PostgreSQL refuses it. Instants of zones with repeated hours must be in UTC:
    Python takes both readings of such an hour for equal.
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


_BY_TYPE: dict[type[Any], Callable[[Any], Any]] = {Float: float, String: _text, Integer: _integer}
