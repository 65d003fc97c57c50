"""Tables of the project's database as Kedro datasets."""

import json
import logging
from collections.abc import Iterable, Mapping
from operator import ge, gt, le, lt
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview
from sqlalchemy import delete, select

from triptych.datasets.sql_frames import read_frame, to_columns
from triptych.store.database import close_database, open_database
from triptych.store.errors import StoreError
from triptych.store.tables import metadata as tables_metadata
from triptych.store.writes import BOOKKEEPING, upsert

logger = logging.getLogger(__name__)
_COMPARISONS = {"ge": ge, "gt": gt, "le": le, "lt": lt}


class TableReader:
    """Reads rows of one table on demand: a node asks for the part that it works on.

    A FunctionDataset of the catalog loads it.

    Raises:
        StoreError: there is no such table, or the credentials have no URL.
    """

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
        filters: Mapping[str, Iterable[Any] | Mapping[str, Any]] | None = None,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """The rows that pass the filters, sorted by key: instants are UTC, missing numbers NaN.

        Args:
            columns: all unless named.
            filters: by column: a list of values, or bounds such as `{"ge": …, "lt": …}`.
            limit: of rows.
        """
        conditions = []
        for name, wanted in (filters or {}).items():
            column = self.table.c[name]
            if isinstance(wanted, Mapping):
                bounds = ((_COMPARISONS[each], value) for each, value in wanted.items())
                conditions += [compare(column, value) for compare, value in bounds]
            else:
                conditions.append(column.in_(wanted))
        names = self.table.columns.keys() if columns is None else columns
        statement = select(*(self.table.c[name] for name in names)).where(*conditions).limit(limit)
        return read_frame(open_database(self.url), statement.order_by(*self.table.primary_key))

    def is_empty(self, filters: Mapping[str, Any] | None = None) -> bool:
        """Whether no row passes the filters."""
        return self.read(None, filters, limit=1).empty


class SqlTableDataset(AbstractDataset[pd.DataFrame, pd.DataFrame]):
    """Loads rows of a table, sorted by its key, and saves rows by their key.

    Saving a row again changes nothing; one save is one transaction, and rows that are not in the
    frame stay. The tables are created or upgraded when the database is first opened.

    Example, in the catalog:

    ```yaml
    weather_hourly:
      type: triptych.datasets.SqlTableDataset
      table: weather_hourly
      credentials: database # url: ${oc.env:TRIPTYCH_DATABASE_URL}
    ```

    Args:
        table: a name of `triptych.store.tables`.
        credentials: `url`, a SQLite or PostgreSQL URL.
        keep_days: a save removes the rows whose `as_of` lies so many days or more before the
            latest one saved; None keeps all.

    Raises:
        StoreError: an argument is wrong.
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
