"""Keyed writes: rows go to a staging table, are checked there, and enter in one statement."""

from collections.abc import Iterable, Sequence
from sqlite3 import Error as SqliteError
from typing import Any

from psycopg import Error as PsycopgError
from sqlalchemy import Column, Connection, MetaData, Table, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable, DropTable

from triptych.store.errors import RowsRefused, explain
from triptych.store.tables import KEEP_KNOWN
from triptych.store.types import convert

Columns = Sequence[Sequence[Any]]

# When a row was written: no difference by itself, and kept while nothing else changes.
BOOKKEEPING = frozenset({"created_at", "fetched_at", "rejected_at"})
_EXAMPLES = 5  # a message stays short, however many rows are wrong
_SORT_MEMORY = "64MB"  # PostgreSQL's own limit of 4 MB sorts a batch on disk


def upsert(
    connection: Connection, table: Table, columns: Sequence[str], chunks: Iterable[Columns]
) -> int:
    """Insert rows, or update those whose key exists and whose values differ; all of them or none.

    A column of `BOOKKEEPING` makes no difference by itself: its first value stays. RowsRefused if a
    key comes twice, a foreign key or constraint is broken, or a type is wrong.

    Args:
        connection: of `create_engine`; the caller's transaction commits.
        columns: names, among them the whole key.
        chunks: parts of the rows: a list of values for each column; a NaN is written as NULL.

    Returns:
        How many rows were inserted or really changed.
    """
    with connection.begin_nested():
        staged = _create_staging_table(connection, table, columns)
        load = _copy if connection.dialect.name == "postgresql" else _insert
        load(connection, staged, (_convert(connection, staged, each) for each in chunks))
        _check_keys(connection, table, staged)
        merge = _merge(connection, table, staged).execution_options(preserve_rowcount=True)
        written: int = connection.execute(merge).rowcount
        connection.execute(DropTable(staged))
    return written


def _create_staging_table(connection: Connection, table: Table, columns: Sequence[str]) -> Table:
    """Create a temporary table with some columns of `table`."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL work_mem = '{_SORT_MEMORY}'")
    staged = Table(
        f"staged_{table.name}",
        MetaData(),
        *(Column(name, table.c[name].type) for name in columns),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    connection.execute(CreateTable(staged))
    return staged


def _convert(connection: Connection, staged: Table, chunk: Columns) -> Columns:
    converted = []
    for column, values in zip(staged.columns, chunk, strict=True):
        try:
            converted.append(convert(column, connection.dialect, values))
        except (TypeError, ValueError, OverflowError) as error:
            raise RowsRefused(
                f"{staged.name.removeprefix('staged_')}.{column.name} cannot hold a value: "
                f"{error}. Correct it, then write again; nothing was written."
            ) from error
    return converted


def _insert(connection: Connection, staged: Table, chunks: Iterable[Columns]) -> None:
    statement = str(staged.insert().compile(dialect=connection.dialect))
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


def _check_keys(connection: Connection, table: Table, staged: Table) -> None:
    """Require that staged rows have distinct keys, and refer only to rows that exist."""
    key = [staged.c[column.name] for column in table.primary_key]
    repeated = select(*key).group_by(*key).having(func.count() > 1)
    found = sorted(connection.execute(repeated.limit(_EXAMPLES)).all())
    if found:
        raise RowsRefused(
            f"Rows for {table.name} repeat the key ({', '.join(c.name for c in key)}): "
            f"{'; '.join(', '.join(map(str, row)) for row in found)}. A key comes once in a "
            "batch. Remove the repeated rows; nothing was written."
        )
    for reference in table.foreign_keys:
        name, target = reference.parent.name, reference.column
        exists = select(target).where(target == staged.c[name]).exists()
        unknown = select(staged.c[name]).distinct().where(~exists).order_by(staged.c[name])
        missing = connection.scalars(unknown.limit(_EXAMPLES)).all()
        if missing:
            raise RowsRefused(
                f"Rows for {table.name} name a {name} that {target.table.name} does not hold: "
                f"{', '.join(map(str, missing))}. Write {target.table.name} first; nothing was "
                "written."
            )


def _merge(connection: Connection, table: Table, staged: Table) -> Any:
    """Make the statement that moves the staged rows into the table."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    key = [column.name for column in table.primary_key]
    # In the order of the key: two writers cannot lock each other out, and SQLite needs a clause
    # between SELECT and ON CONFLICT to tell them apart.
    source = select(staged).order_by(*(staged.c[name] for name in key))
    insert = dialect.insert(table).from_select(staged.columns.keys(), source)
    new = {c.name: insert.excluded[c.name] for c in staged.columns if c.name not in key}
    if table.info.get(KEEP_KNOWN):
        new = {name: func.coalesce(value, table.c[name]) for name, value in new.items()}
    differs = [
        table.c[name].is_distinct_from(value)
        for name, value in new.items()
        if name not in BOOKKEEPING
    ]
    return insert.on_conflict_do_update(index_elements=key, set_=new, where=or_(*differs))
