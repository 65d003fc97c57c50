"""Restrict what a SQL table dataset reads, in the literals that YAML can write."""

from collections.abc import Mapping
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any

import pandas as pd
from sqlalchemy import Column, ColumnElement, Table

from triptych.store.errors import StoreError
from triptych.store.types import UtcDateTime

_COMPARISONS = {"ge": ge, "gt": gt, "le": le, "lt": lt}


def conditions(table: Table, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Make the conditions of a query.

    Args:
        table: the table that is read.
        filters: by column: a value, a list of values, or bounds such as `{ge: …, lt: …}`. Instants
            are text or dates; without a zone they are UTC.

    Raises:
        StoreError: a column or a comparison is unknown, or a value is no instant.
    """
    found: list[ColumnElement[bool]] = []
    for name, wanted in filters.items():
        if name not in table.columns:
            raise StoreError(
                f"The table {table.name} has no column {name} to filter on. "
                f"Its columns are {', '.join(table.columns.keys())}."
            )
        found += _of_column(table.columns[name], wanted)
    return found


def _of_column(column: Column[Any], wanted: Any) -> list[ColumnElement[bool]]:
    if isinstance(wanted, list | tuple):
        return [column.in_([_value(column, item) for item in wanted])]
    if not isinstance(wanted, Mapping):
        return [column == _value(column, wanted)]
    if unknown := sorted(set(wanted) - set(_COMPARISONS)):
        raise StoreError(
            f"A filter on {column} compares with {', '.join(_COMPARISONS)}; "
            f"got {', '.join(map(str, unknown))}."
        )
    return [_COMPARISONS[name](column, _value(column, bound)) for name, bound in wanted.items()]


def _value(column: Column[Any], value: Any) -> Any:
    return _instant(column, value) if isinstance(column.type, UtcDateTime) else value


def _instant(column: Column[Any], value: Any) -> datetime:
    try:
        instant = pd.Timestamp(value)
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"A filter on {column} needs an instant such as 2019-07-14T06:00:00Z; got {value!r}."
        ) from error
    utc = instant.tz_localize("UTC") if instant.tz is None else instant.tz_convert("UTC")
    return utc.to_pydatetime()
