"""Between rows of the database and pandas frames, a column at a time."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine, Float, Integer, Select, String
from sqlalchemy.types import TypeEngine

from triptych.store.engine import reading
from triptych.store.types import UtcDateTime

# Rows that are Python objects at once. They take ten times the frame's memory, and more of them
# reach the garbage collector's old generation: reading 50,000 at once is 1.7 times slower.
_READ_CHUNK = 1_000
_WRITE_CHUNK = 50_000


def read_frame(engine: Engine, statement: Select[Any]) -> pd.DataFrame:
    """Run a query and give its rows as a frame, typed also when it has no row.

    Returns:
        One column for each of the statement's: instants are datetime64[us, UTC], numbers float64
        with NaN for NULL (int64 if whole and without NULL), text `str`, JSON documents objects.
    """
    columns = list(statement.selected_columns)
    with reading(engine) as connection:
        chunks = connection.execute(statement).partitions(_READ_CHUNK)
        frames = [_make_frame(columns, rows) for rows in chunks]
    return pd.concat(frames, ignore_index=True) if frames else _make_frame(columns, [])


def to_columns(frame: pd.DataFrame) -> Iterator[list[list[Any]]]:
    """Give a frame in chunks: a list of Python's own values a column, None for what is missing."""
    for start in range(0, len(frame), _WRITE_CHUNK):
        part = frame.iloc[start : start + _WRITE_CHUNK]
        yield [_plain(part[name]) for name in part.columns]


def _make_frame(columns: Sequence[Any], rows: Sequence[Any]) -> pd.DataFrame:
    values: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return pd.DataFrame(
        {
            column.name: _typed(found, column.type)
            for column, found in zip(columns, values, strict=True)
        }
    )


def _typed(values: Sequence[Any], kind: TypeEngine[Any]) -> Any:
    if isinstance(kind, UtcDateTime):
        return pd.array(values, dtype="datetime64[us, UTC]")
    if isinstance(kind, Float) or (isinstance(kind, Integer) and None in values):
        return np.array(values, dtype="float64")
    if isinstance(kind, Integer):
        return np.array(values, dtype="int64")
    if isinstance(kind, String):
        return pd.array(values, dtype="str")
    return pd.Series(values, dtype="object")


def _plain(series: pd.Series) -> list[Any]:
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        codes, distinct = pd.factorize(pd.DatetimeIndex(series).tz_convert("UTC"))
        # One object an instant, and None at the end for the code -1 of a missing one.
        instants = [*pd.DatetimeIndex(distinct).to_pydatetime(), None]
        return [instants[code] for code in codes.tolist()]
    if isinstance(series.dtype, np.dtype):
        return series.tolist()
    return series.astype("object").where(series.notna(), None).tolist()
