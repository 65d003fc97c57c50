"""A table of the project's database that is read a part at a time."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset, DatasetError
from sqlalchemy import Table, select

from triptych.datasets.sql_filters import conditions
from triptych.datasets.sql_frames import read_frame
from triptych.datasets.sql_table import database_url, known_table
from triptych.store.database import close_database, open_database


class TableReader:
    """Reads rows of one table when it is asked; nothing is held."""

    def __init__(self, url: str, table: Table) -> None:
        self._url, self._table = url, table

    def read(self, columns: Sequence[str], filters: Mapping[str, Any]) -> pd.DataFrame:
        """The rows that pass the filters (`conditions`), sorted by key, as SqlTableDataset loads
        them.
        """
        statement = (
            select(*(self._table.columns[name] for name in columns))
            .where(*conditions(self._table, filters))
            .order_by(*self._table.primary_key)
        )
        return read_frame(open_database(self._url), statement)


class LazySqlTableDataset(AbstractDataset[NoReturn, TableReader]):
    """Loads a reader, not rows: a node asks for the part that it works on.

    Example, in the catalog:

    ```yaml
    hourly_rows:
      type: triptych.datasets.LazySqlTableDataset
      table: weather_hourly
      credentials: database
    ```
    """

    def __init__(
        self, *, table: str, credentials: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> None:
        self._table = known_table(table)
        self._url = database_url(credentials)
        self.metadata = metadata

    def load(self) -> TableReader:
        """Give the reader; nothing is read yet."""
        return TableReader(self._url, self._table)

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: rows are written through a SqlTableDataset."""
        raise DatasetError("A reader does not write: name a SqlTableDataset as the output.")

    def _release(self) -> None:
        close_database(self._url)

    def _describe(self) -> dict[str, Any]:
        return {"table": self._table.name}
