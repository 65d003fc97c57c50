"""Joins in which every row must find its counterpart."""

from typing import Any

import pandas as pd

from triptych.classification.errors import UnmatchedError

_REMEDY = "The tables come from different runs or data: run the pipeline again from its first node."


def look_up(keys: pd.Series, values: pd.Series, what: str) -> "pd.Series[Any]":
    """Take the value of each key; unlike `keys.map(values)`, no key is left without one.

    Args:
        keys: of the rows that ask.
        values: by key.
        what: what a value is, for the message: `group of a photo`.

    Raises:
        UnmatchedError: some keys are not in the index of `values`; the message counts them.
    """
    unmatched = keys[~keys.isin(values.index)]
    if len(unmatched):
        raise UnmatchedError(
            f"{len(unmatched):,} of {len(keys):,} rows have no {what}, the first: "
            f"{unmatched.iloc[0]}. {_REMEDY}"
        )
    return keys.map(values)


def require_complete(table: pd.DataFrame, what: str) -> None:
    """Refuse a table of models by item in which a model lacks an item.

    Raises:
        UnmatchedError: the message counts the gaps.
    """
    gaps = table.isna().sum()
    if gaps.any():
        told = ", ".join(f"{name} lacks {count:,}" for name, count in gaps[gaps > 0].items())
        raise UnmatchedError(f"Of {len(table):,} items in the {what}, {told}. {_REMEDY}")
