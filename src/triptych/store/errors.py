"""What can go wrong with the database, each as one message that a user can act on."""


class StoreError(Exception):
    """The database cannot do what was asked; the text says what, why and what to do."""


class DatabaseUnavailable(StoreError):
    """The database is away or locked, or does not let this process in: it may work later."""


class CorruptDatabase(StoreError):
    """The file is not a SQLite database, or is damaged."""


class SchemaError(StoreError):
    """The tables are missing, of an incompatible version, or another program's."""


class RowsRefused(StoreError):
    """Rows that break a key, a constraint or a type; none of the batch was written."""
