"""Tables of the project's database as pandas frames and as Kedro datasets."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import ge, gt, le, lt
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview
from sqlalchemy import Engine, Float, Integer, String, Table, case, delete, func, select
from sqlalchemy.types import TypeEngine

from triptych.store.engine import reading
from triptych.store.errors import StoreError
from triptych.store.migrate import close_database, open_database
from triptych.store.tables import metadata as tables_metadata
from triptych.store.types import UtcDateTime
from triptych.store.writes import BOOKKEEPING, upsert

logger = logging.getLogger(__name__)
Filters = Mapping[str, Iterable[Any] | Mapping[str, Any]]
_COMPARISONS = {"ge": ge, "gt": gt, "le": le, "lt": lt}
# Rows that are Python objects at once. They take ten times the frame's memory, and more of them
# reach the garbage collector's old generation: reading 50,000 at once is 1.7 times slower.
_READ_CHUNK = 1_000
_WRITE_CHUNK = 50_000


class TableReader:
    """Reads the part of a table that a node asks for; StoreError without such a table or a URL."""

    def __init__(self, table: str, url: str = "") -> None:
        if table not in tables_metadata.tables:
            known = ", ".join(sorted(tables_metadata.tables))
            raise StoreError(f"There is no table {table!r}. The tables are {known}.")
        if not url:
            raise StoreError(
                "The credentials of a table need `url`, such as sqlite:////absolute/path.db; it is "
                "empty or missing. Set TRIPTYCH_DATABASE_URL or conf/base/credentials.yml."
            )
        self.url = url
        self.table = tables_metadata.tables[table]

    def read(
        self,
        columns: Iterable[str] | None = None,
        filters: Filters | None = None,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """The rows that pass the filters: `read_table`."""
        return read_table(open_database(self.url), self.table, columns, filters, limit)

    def read_wide(self, value: str, across: str, filters: Filters | None = None) -> pd.DataFrame:
        """The rows that pass the filters, a column for each value of `across`: `read_wide`."""
        return read_wide(open_database(self.url), self.table, value, across, filters)

    def is_empty(self, filters: Filters | None = None) -> bool:
        """Whether no row passes the filters."""
        return self.read(None, filters, limit=1).empty


class SqlTableDataset(AbstractDataset[pd.DataFrame, pd.DataFrame]):
    """Loads rows of a table, sorted by its key, and saves rows by their key in one transaction.

    Saving a row again changes nothing; rows that are not in the frame stay, except that with
    `keep_days` a save removes the rows whose `as_of` lies so many days or more before the latest
    one saved. The tables are created or upgraded when the database is first opened. A wrong
    argument is a StoreError.
    """

    def __init__(
        self,
        *,
        table: str,
        credentials: dict[str, Any],
        keep_days: int | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._reader = TableReader(table, **credentials)
        self._table, self._url = self._reader.table, self._reader.url
        sound = isinstance(keep_days, int) and keep_days >= 1 and "as_of" in self._table.columns
        if keep_days is not None and not sound:
            raise StoreError(
                f"keep_days of the table {table} is a whole number from 1 or null, of a table "
                f"that has as_of; got {keep_days!r}. Correct `retention` in conf/base/globals.yml."
            )
        self._keep_days = keep_days
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Load the rows."""
        return self._reader.read()

    def save(self, data: pd.DataFrame) -> None:
        """Insert the rows whose key is new, and update those whose values differ.

        The time of writing is added here, so that the nodes need no clock. An empty frame writes
        nothing and need not have the columns.
        """
        if data.empty:
            return
        unstamped = BOOKKEEPING & set(self._table.columns.keys()) - set(data.columns)
        now = pd.Timestamp.now("UTC").floor("s")
        rows = data.assign(**dict.fromkeys(sorted(unstamped), now))
        removed = 0
        with open_database(self._url).begin() as connection:
            written = upsert(connection, self._table, list(rows.columns), to_columns(rows))
            if self._keep_days is not None:
                limit = data["as_of"].max() - pd.Timedelta(days=self._keep_days)
                old = delete(self._table).where(self._table.c.as_of <= limit.to_pydatetime())
                old = old.execution_options(preserve_rowcount=True)
                removed = connection.execute(old).rowcount
        logger.info("%s: %s rows given, %s written", self._table, f"{len(rows):,}", f"{written:,}")
        if removed:
            logger.info("%s: %s old rows removed", self._table, f"{removed:,}")

    def preview(self, nrows: int = 5) -> TablePreview:
        """Give the first rows as JSON, for Kedro-Viz."""
        frame = self._reader.read(limit=nrows)
        return TablePreview(json.loads(frame.to_json(orient="split", date_format="iso")))

    def _exists(self) -> bool:
        """Tell whether there is any row."""
        return not self._reader.is_empty()

    def _release(self) -> None:
        close_database(self._url)

    def _describe(self) -> dict[str, Any]:
        return {"table": self._table.name}


def read_table(
    engine: Engine,
    table: Table,
    columns: Iterable[str] | None = None,
    filters: Filters | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """The rows of a table that pass the filters, sorted by its key, typed also if there are none.

    Args:
        columns: all unless named.
        filters: by column: a list of values, or bounds such as `{"ge": …, "lt": …}`.
        limit: of rows.

    Returns:
        Instants are datetime64[us, UTC], numbers float64 with NaN for NULL (int64 if whole and
        without NULL), text `str`, JSON documents objects.
    """
    chosen = [table.c[name] for name in (table.columns.keys() if columns is None else columns)]
    statement = select(*chosen).where(*_conditions(table, filters)).order_by(*table.primary_key)
    with reading(engine) as connection:
        return _read(connection, statement.limit(limit))


def read_wide(
    engine: Engine, table: Table, value: str, across: str, filters: Filters | None = None
) -> pd.DataFrame:
    """Pivot in the database: half the time of reading the rows of three values as they are.

    Returns the key without `across`, sorted, and `value` in a column for each value of `across`,
    ascending, with that value as its name (text); NaN where there is no row. Types: `read_table`.
    """
    column, conditions = table.c[across], _conditions(table, filters)
    key = [each for each in table.primary_key if each is not column]
    distinct = select(column).where(*conditions).distinct().order_by(column)
    with reading(engine) as connection:
        cells = [
            func.max(case((column == found, table.c[value]))).label(str(found))
            for found in connection.scalars(distinct)
        ]
        statement = select(*key, *cells).where(*conditions).group_by(*key).order_by(*key)
        return _read(connection, statement)


def to_columns(frame: pd.DataFrame) -> Iterator[list[list[Any]]]:
    """Give a frame in chunks: a list of Python's own values a column, None for what is missing."""
    for start in range(0, len(frame), _WRITE_CHUNK):
        part = frame.iloc[start : start + _WRITE_CHUNK]
        yield [_plain(part[name]) for name in part.columns]


def _conditions(table: Table, filters: Filters | None) -> list[Any]:
    conditions = []
    for name, wanted in (filters or {}).items():
        column = table.c[name]
        if isinstance(wanted, Mapping):
            conditions += [_COMPARISONS[each](column, value) for each, value in wanted.items()]
        else:
            conditions.append(column.in_(wanted))
    return conditions


def _read(connection: Any, statement: Any) -> pd.DataFrame:
    columns = list(statement.selected_columns)
    chunks = connection.execute(statement).partitions(_READ_CHUNK)
    frames = [_make_frame(columns, rows) for rows in chunks]
    return pd.concat(frames, ignore_index=True) if frames else _make_frame(columns, [])


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
