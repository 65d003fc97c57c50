"""What can go wrong with the database, each as one message that a user can act on.

StoreError
├── DatabaseUnavailable   away, locked, unwritable, wrong password: may work later
├── CorruptDatabase       the file is not a database, or no longer a whole one
├── SchemaError           the tables are missing, older, newer or another program's
└── RowsRefused           rows that break a key, a foreign key, a constraint or a type
"""


class StoreError(Exception):
    """The database cannot do what was asked; the text says what, why and what to do."""


class DatabaseUnavailable(StoreError):
    """The database does not answer, or does not let this process in or write."""


class CorruptDatabase(StoreError):
    """The file is not a SQLite database, or is damaged."""


class SchemaError(StoreError):
    """The database does not hold the tables that this version works with."""


class RowsRefused(StoreError):
    """Rows that the tables must not hold; none of the batch was written."""
