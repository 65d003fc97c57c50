"""Keyed writes: rows go to a temporary table, are checked there, and enter in one statement."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from psycopg import Error as PsycopgError
from sqlalchemy import Column, Connection, MetaData, Table, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable, DropTable

from triptych.store.checks import check_columns, check_staged
from triptych.store.conversions import Convert, converter
from triptych.store.errors import RowsRefused
from triptych.store.faults import explain

# When a row was written: no difference by itself, and kept while nothing else changes.
BOOKKEEPING = frozenset({"created_at", "fetched_at", "rejected_at"})
_CHUNK = 10_000  # rows held in memory at once


def upsert(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Insert rows, or change those whose key is there and whose values differ.

    All of the rows are written or none, also within a longer transaction. A column of
    `BOOKKEEPING` makes no difference by itself: its first value stays while the others are the
    same. Memory is that of 10,000 rows, whatever their number.

    Args:
        connection: of `create_engine`; the caller's transaction commits.
        table: one of `triptych.store.tables`.
        columns: the names of the values of a row, in order; with the whole key.
        rows: values in that order; a NaN is written as NULL.

    Returns:
        How many rows were inserted or really changed.

    Raises:
        RowsRefused: a key comes twice, a foreign key or constraint is broken, a type is wrong.
        StoreError: a column is unknown, repeated or missing.
    """
    check_columns(table, columns)
    with connection.begin_nested():
        staged = _staging_table(table, columns)
        connection.execute(CreateTable(staged))
        load = _copy if connection.dialect.name == "postgresql" else _insert
        load(connection, staged, _converted(connection, staged, rows))
        check_staged(connection, table, staged)
        merge = _merge(connection, table, staged).execution_options(preserve_rowcount=True)
        written: int = connection.execute(merge).rowcount
        connection.execute(DropTable(staged))
    return written


def _staging_table(table: Table, columns: Sequence[str]) -> Table:
    """Describe a temporary table with the given columns of `table`, in the given order."""
    return Table(
        f"staged_{table.name}",
        MetaData(),
        *(Column(name, table.c[name].type) for name in columns),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )


def _converted(
    connection: Connection, staged: Table, rows: Iterable[Sequence[Any]]
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield chunks of rows whose values are what the columns take."""
    convert = [converter(column, connection.dialect) for column in staged.columns]
    remaining = iter(rows)
    while chunk := list(islice(remaining, _CHUNK)):
        if {len(row) for row in chunk} != {len(convert)}:
            raise RowsRefused(
                f"A row for {staged.name.removeprefix('staged_')} needs {len(convert)} values: "
                f"{', '.join(staged.columns.keys())}. One has another number; nothing was written."
            )
        by_column = zip(staged.columns, convert, zip(*chunk, strict=True), strict=True)
        yield list(zip(*(_apply(*parts) for parts in by_column), strict=True))


def _apply(column: Column[Any], convert: Convert, values: Sequence[Any]) -> list[Any]:
    try:
        return convert(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise RowsRefused(
            f"{column.table.name.removeprefix('staged_')}.{column.name} cannot hold a value: "
            f"{error}. Correct it, then write again; nothing was written."
        ) from error


def _insert(connection: Connection, staged: Table, chunks: Iterable[list[tuple[Any, ...]]]) -> None:
    statement = str(staged.insert().compile(dialect=connection.dialect))
    for chunk in chunks:
        connection.exec_driver_sql(statement, chunk)


def _copy(connection: Connection, staged: Table, chunks: Iterable[list[tuple[Any, ...]]]) -> None:
    types = [oid for _, oid, *_ in connection.execute(select(staged)).cursor.description]
    name = connection.dialect.identifier_preparer.format_table(staged)
    driver: Any = connection.connection.driver_connection
    try:
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {name} FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(types)
            for row in chain.from_iterable(chunks):
                copy.write_row(row)
    except PsycopgError as error:  # COPY is the driver's own: the engine does not see it
        raise explain(error, connection.engine.url) from error


def _merge(connection: Connection, table: Table, staged: Table) -> Any:
    """Make the statement that moves the staged rows into the table."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    key = [column.name for column in table.primary_key]
    # In the order of the key: two writers cannot lock each other out, and SQLite needs a clause
    # between SELECT and ON CONFLICT to tell them apart.
    source = select(staged).order_by(*(staged.c[name] for name in key))
    insert = dialect.insert(table).from_select(staged.columns.keys(), source)
    values = [column.name for column in staged.columns if column.name not in key]
    differs = [
        table.c[name].is_distinct_from(insert.excluded[name])
        for name in values
        if name not in BOOKKEEPING
    ]
    return insert.on_conflict_do_update(
        index_elements=key,
        set_={name: insert.excluded[name] for name in values},
        where=or_(*differs),
    )
