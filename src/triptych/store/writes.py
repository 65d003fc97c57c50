"""Keyed writes: rows go to a temporary table, are checked there, and enter in one statement."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Table, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import DropTable

from triptych.store.coercion import converter
from triptych.store.errors import RowsRefused
from triptych.store.staging import Columns, given_columns, load, make_staging_table
from triptych.store.tables import KEEP_KNOWN
from triptych.store.validation import check_columns, check_staged

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
    return upsert_columns(connection, table, columns, _by_column(table, columns, rows))


def upsert_columns(
    connection: Connection, table: Table, columns: Sequence[str], chunks: Iterable[Columns]
) -> int:
    """Do the same with rows that come as columns: chunks of one list of values a column.

    That is how frames have them, and how they are converted; memory is that of the largest chunk.
    """
    check_columns(table, columns)
    with connection.begin_nested():
        staged = make_staging_table(connection, table, columns)
        load(connection, staged, (_converted(connection, staged, chunk) for chunk in chunks))
        check_staged(connection, table, staged)
        merge = _merge(connection, table, staged).execution_options(preserve_rowcount=True)
        written: int = connection.execute(merge).rowcount
        connection.execute(DropTable(staged))
    return written


def _by_column(
    table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[Columns]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, _CHUNK)):
        if {len(row) for row in chunk} != {len(columns)}:
            raise RowsRefused(
                f"A row for {table.name} needs {len(columns)} values: {', '.join(columns)}. "
                "One has another number; nothing was written."
            )
        yield list(zip(*chunk, strict=True))


def _converted(connection: Connection, staged: Table, chunk: Columns) -> Columns:
    """The values of a chunk as their columns take them."""
    columns = given_columns(staged)
    return [
        _convert(column, connection.dialect, values)
        for column, values in zip(columns, chunk, strict=True)
    ]


def _convert(column: Column[Any], dialect: Dialect, values: Sequence[Any]) -> list[Any]:
    try:
        return converter(column, dialect)(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise RowsRefused(
            f"{column.table.name.removeprefix('staged_')}.{column.name} cannot hold a value: "
            f"{error}. Correct it, then write again; nothing was written."
        ) from error


def _merge(connection: Connection, table: Table, staged: Table) -> Any:
    """Make the statement that moves the staged rows into the table."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    key = [column.name for column in table.primary_key]
    # In the order of the key: two writers cannot lock each other out, and SQLite needs a clause
    # between SELECT and ON CONFLICT to tell them apart.
    given = given_columns(staged)
    source = select(*given).order_by(*(staged.c[name] for name in key))
    insert = dialect.insert(table).from_select([column.name for column in given], source)
    new = {c.name: insert.excluded[c.name] for c in given if c.name not in key}
    if table.info.get(KEEP_KNOWN):
        new = {name: func.coalesce(value, table.c[name]) for name, value in new.items()}
    differs = [
        table.c[name].is_distinct_from(value)
        for name, value in new.items()
        if name not in BOOKKEEPING
    ]
    return insert.on_conflict_do_update(index_elements=key, set_=new, where=or_(*differs))
