"""The temporary table that rows pass through, and the fastest way into it on either database."""

from collections.abc import Iterable, Sequence
from sqlite3 import Error as SqliteError
from typing import Any

from psycopg import Error as PsycopgError
from sqlalchemy import Boolean, Column, Connection, MetaData, Table, false, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from triptych.store.driver_errors import explain

Columns = Sequence[Sequence[Any]]

REPEATED = "repeated_key"  # of a staged row: its key came more than once
_SORTED_IN_MEMORY = "64MB"  # PostgreSQL's own limit of 4 MB sorts a batch on disk


def make_staging_table(connection: Connection, table: Table, columns: Sequence[str]) -> Table:
    """Make a temporary table with the given columns of `table`, in the given order.

    On SQLite it is kept in the order of the key, so that nothing has to be sorted afterwards, and
    takes note of keys that come again.
    """
    keyed = connection.dialect.name == "sqlite"
    key = set(table.primary_key.columns.keys()) if keyed else set()
    own = [Column(n, table.c[n].type, primary_key=n in key, autoincrement=False) for n in columns]
    if keyed:
        own.append(Column(REPEATED, Boolean, server_default=false()))
    staged = Table(
        f"staged_{table.name}",
        MetaData(),
        *own,
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
        sqlite_with_rowid=False,
    )
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL work_mem = '{_SORTED_IN_MEMORY}'")
    connection.execute(CreateTable(staged))
    return staged


def given_columns(staged: Table) -> list[Column[Any]]:
    """The columns that the rows have."""
    return [column for column in staged.columns if column.name != REPEATED]


def load(connection: Connection, staged: Table, chunks: Iterable[Columns]) -> None:
    """Put chunks of columns, already converted, in the staging table."""
    put = _copy if connection.dialect.name == "postgresql" else _insert
    put(connection, staged, chunks)


def _insert(connection: Connection, staged: Table, chunks: Iterable[Columns]) -> None:
    again = sqlite.insert(staged).on_conflict_do_update(
        index_elements=list(staged.primary_key), set_={REPEATED: text("1")}
    )
    names = [column.name for column in given_columns(staged)]
    statement = str(again.compile(dialect=connection.dialect, column_keys=names))
    driver: Any = connection.connection.driver_connection
    try:
        for chunk in chunks:  # the driver takes an iterator: no list of 50,000 rows is made
            driver.executemany(statement, zip(*chunk, strict=True))
    except SqliteError as error:  # the driver's own, as COPY below: the engine does not see it
        raise explain(error, connection.engine.url) from error


def _copy(connection: Connection, staged: Table, chunks: Iterable[Columns]) -> None:
    types = [oid for _, oid, *_ in connection.execute(select(staged)).cursor.description]
    name = connection.dialect.identifier_preparer.format_table(staged)
    driver: Any = connection.connection.driver_connection
    try:
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {name} FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(types)
            for chunk in chunks:
                for row in zip(*chunk, strict=True):
                    copy.write_row(row)
    except PsycopgError as error:
        raise explain(error, connection.engine.url) from error
