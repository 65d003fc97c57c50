"""Joins in which every row must find its counterpart."""

from typing import Any

import pandas as pd

from triptych.classification.errors import UnmatchedError

_REMEDY = "The tables come from different runs or data: run the pipeline again from its first node."


def look_up(keys: pd.Series, values: pd.Series, what: str) -> "pd.Series[Any]":
    """Map keys to `values` (by key); UnmatchedError counts the keys without one: `what` it is."""
    unmatched = keys[~keys.isin(values.index)]
    if len(unmatched):
        raise UnmatchedError(
            f"{len(unmatched):,} of {len(keys):,} rows have no {what}, the first: "
            f"{unmatched.iloc[0]}. {_REMEDY}"
        )
    return keys.map(values)


def require_complete(table: pd.DataFrame, what: str) -> None:
    """Raise UnmatchedError, with counts, unless every model (column) has all items (rows)."""
    gaps = table.isna().sum()
    if gaps.any():
        shown = ", ".join(f"{name} lacks {count:,}" for name, count in gaps[gaps > 0].items())
        raise UnmatchedError(f"Of {len(table):,} items in the {what}, {shown}. {_REMEDY}")
