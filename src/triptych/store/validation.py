"""What is checked of rows before they enter a table, with one message on either database."""

from collections.abc import Sequence

from sqlalchemy import Connection, ForeignKey, Table, func, select

from triptych.store.errors import RowsRefused, StoreError
from triptych.store.staging import REPEATED

_EXAMPLES = 5  # a message stays short, however many rows are wrong


def check_columns(table: Table, columns: Sequence[str]) -> None:
    """Require columns of the table, each once, with its key and all that must not be NULL.

    Raises:
        StoreError: names the columns that are unknown, repeated or missing.
    """
    unknown = [name for name in columns if name not in table.columns]
    if unknown:
        raise StoreError(
            f"The table {table.name} has no column {', '.join(unknown)}. "
            f"Its columns are {', '.join(table.columns.keys())}."
        )
    if len(set(columns)) < len(columns):
        raise StoreError(f"A column of {table.name} is given twice: {', '.join(columns)}.")
    required = [c.name for c in table.columns if not c.nullable and c.name not in columns]
    if required:
        raise StoreError(
            f"A row of {table.name} needs {', '.join(required)}; only {', '.join(columns)} are "
            "given. Give every column of the key and every column that must have a value."
        )


def check_staged(connection: Connection, table: Table, staged: Table) -> None:
    """Require that staged rows have distinct keys, and name only what other tables hold.

    Raises:
        RowsRefused: with up to five examples.
    """
    key = [staged.c[column.name] for column in table.primary_key]
    if REPEATED in staged.c:
        repeated = select(*key).where(staged.c[REPEATED])
    else:
        repeated = select(*key).group_by(*key).having(func.count() > 1)
    found = sorted(connection.execute(repeated.limit(_EXAMPLES)).all())
    if found:
        raise RowsRefused(
            f"Rows for {table.name} repeat the key ({', '.join(c.name for c in key)}): "
            f"{'; '.join(', '.join(map(str, row)) for row in found)}. A key comes once in a "
            "batch. Remove the repeated rows; nothing was written."
        )
    for reference in table.foreign_keys:
        if reference.parent.name in staged.c:
            _check_reference(connection, table, staged, reference)


def _check_reference(
    connection: Connection, table: Table, staged: Table, reference: ForeignKey
) -> None:
    name, target = reference.parent.name, reference.column
    given = select(staged.c[name]).distinct().where(staged.c[name].is_not(None))
    there = select(target).where(target == staged.c[name]).exists()
    unknown = connection.scalars(given.where(~there).order_by(staged.c[name]).limit(_EXAMPLES))
    found = [str(value) for value in unknown]
    if found:
        raise RowsRefused(
            f"Rows for {table.name} name a {name} that {target.table.name} does not hold: "
            f"{', '.join(found)}. Write {target.table.name} first; nothing was written."
        )
