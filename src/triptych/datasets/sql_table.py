"""A table of the project's database as a Kedro dataset."""

import json
import logging
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview
from sqlalchemy import Connection, Select, Table, delete, select

from triptych.datasets.sql_filters import conditions
from triptych.datasets.sql_frames import read_frame, to_columns
from triptych.store.database import close_database, open_database
from triptych.store.engine import reading
from triptych.store.errors import StoreError
from triptych.store.tables import metadata as tables_metadata
from triptych.store.writes import BOOKKEEPING, upsert_columns

logger = logging.getLogger(__name__)


class SqlTableDataset(AbstractDataset[pd.DataFrame, pd.DataFrame]):
    """Loads rows of a table, sorted by its key, and saves rows by their key.

    Saving a row again changes nothing; one save is one transaction, and rows that are not in the
    frame stay. The tables are made or upgraded when the database is first opened.

    Example, in the catalog:

    ```yaml
    weather_hourly:
      type: triptych.datasets.SqlTableDataset
      table: weather_hourly
      credentials: database
      load_args:
        columns: [location, time, temperature_2m]
        filters:
          location: [paris, brest]
          time: {ge: 2019-01-01, lt: 2020-01-01}
    ```

    and in credentials.yml:

    ```yaml
    database:
      url: ${oc.env:TRIPTYCH_DATABASE_URL}
    ```

    In Python:

    >>> import pandas as pd
    >>> from triptych.datasets import SqlTableDataset
    >>>
    >>> places = SqlTableDataset(
    ...     table="locations", credentials={"url": f"sqlite:///{tmp_path / 'example.db'}"}
    ... )
    >>> place = {"location": "paris", "name": "Paris", "latitude": 48.86, "longitude": 2.35}
    >>> place |= {"elevation": 42.0, "timezone": "Europe/Paris", "source": "open_meteo"}
    >>> places.save(pd.DataFrame([place]))
    >>> places.load()["name"].tolist()
    ['Paris']
    """

    def __init__(
        self,
        *,
        table: str,
        credentials: dict[str, Any],
        load_args: dict[str, Any] | None = None,
        keep_days: int | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Take note of the table; nothing is opened.

        Args:
            table: a name of `triptych.store.tables`.
            credentials: `url`, a SQLite or PostgreSQL URL.
            load_args: `columns` to load, else all, and `filters` as `conditions` has them.
            keep_days: a save removes the rows whose `as_of` lies so many days or more before the
                latest one saved; None keeps all.
            metadata: for Kedro-Viz and others; unused here.

        Raises:
            StoreError: the table, a column, a filter or an argument is unknown.
        """
        self._table = known_table(table)
        self._url = database_url(credentials)
        self._load_args = load_args or {}
        self._keep_days = checked_keep_days(self._table, keep_days)
        self._statement()  # a mistake in load_args shows at the start of a run
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Load the rows, sorted by key; instants are UTC, missing numbers NaN, JSON is parsed."""
        return read_frame(open_database(self._url), self._statement())

    def save(self, data: pd.DataFrame) -> None:
        """Insert the rows whose key is new, and change those whose values differ.

        When a row was written is added here, so that the nodes need no clock. An empty frame
        writes nothing and need not have the columns.
        """
        if data.empty:
            return
        rows = _stamped(data, self._table)
        with open_database(self._url).begin() as connection:
            written = upsert_columns(connection, self._table, list(rows.columns), to_columns(rows))
            removed = self._remove_old(connection, data)
        given = f"{len(rows):,}"
        logger.info("%s: %s rows given, %s written", self._table.name, given, f"{written:,}")
        if removed:
            logger.info("%s: %s old rows removed", self._table.name, f"{removed:,}")

    def _remove_old(self, connection: Connection, saved: pd.DataFrame) -> int:
        """Remove what the retention does not keep, in the transaction of the save."""
        if self._keep_days is None:
            return 0
        limit = saved["as_of"].max() - pd.Timedelta(days=self._keep_days)
        old = delete(self._table).where(self._table.c.as_of <= limit.to_pydatetime())
        return connection.execute(old.execution_options(preserve_rowcount=True)).rowcount

    def preview(self, nrows: int = 5) -> TablePreview:
        """Give the first rows as JSON can say them, for Kedro-Viz."""
        frame = read_frame(open_database(self._url), self._statement().limit(nrows))
        split = json.loads(frame.to_json(orient="split", date_format="iso"))
        return TablePreview(split)

    def _statement(self) -> Select[Any]:
        unknown = sorted(set(self._load_args) - {"columns", "filters"})
        if unknown:
            raise StoreError(
                f"load_args of the table {self._table.name} are columns and filters; "
                f"got {', '.join(unknown)}."
            )
        names = self._load_args.get("columns", self._table.columns.keys())
        if missing := [name for name in names if name not in self._table.columns]:
            raise StoreError(
                f"The table {self._table.name} has no column {', '.join(missing)} to load. "
                f"Its columns are {', '.join(self._table.columns.keys())}."
            )
        return (
            select(*(self._table.columns[name] for name in names))
            .where(*conditions(self._table, self._load_args.get("filters", {})))
            .order_by(*self._table.primary_key)
        )

    def _exists(self) -> bool:
        """Tell whether there is any row."""
        with reading(open_database(self._url)) as connection:
            return connection.execute(select(self._table).limit(1)).first() is not None

    def _release(self) -> None:
        close_database(self._url)

    def _describe(self) -> dict[str, Any]:
        return {"table": self._table.name, "load_args": self._load_args}


def _stamped(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    missing = BOOKKEEPING & set(table.columns.keys()) - set(frame.columns)
    return frame.assign(**dict.fromkeys(sorted(missing), pd.Timestamp.now("UTC").floor("s")))


def checked_keep_days(table: Table, keep_days: int | None) -> int | None:
    """The days to keep; StoreError for no whole number from 1, or a table without `as_of`."""
    sound = keep_days is None or (isinstance(keep_days, int) and keep_days >= 1)
    if not sound or (keep_days is not None and "as_of" not in table.columns):
        raise StoreError(
            f"keep_days of the table {table.name} is a whole number from 1 or null, of a table "
            f"that has as_of; got {keep_days!r}. Correct `retention` in conf/base/globals.yml."
        )
    return keep_days


def known_table(name: str) -> Table:
    """The table of this name; StoreError that lists them for another."""
    if name not in tables_metadata.tables:
        known = ", ".join(sorted(tables_metadata.tables))
        raise StoreError(f"There is no table {name!r}. The tables are {known}.")
    return tables_metadata.tables[name]


def database_url(credentials: dict[str, Any]) -> str:
    """The URL in the credentials; StoreError without one."""
    url = credentials.get("url")
    if not isinstance(url, str) or not url:
        raise StoreError(
            "The credentials of a table need `url`, such as sqlite:////absolute/path.db; it is "
            "empty or missing. Set TRIPTYCH_DATABASE_URL or conf/base/credentials.yml."
        )
    return url
