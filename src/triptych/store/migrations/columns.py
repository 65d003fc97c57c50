"""What the migrations share. It stays as it is: a migration does not follow later changes."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(20), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SLUG = sa.String(64)
_REFERENCES = {"model_id": "models", "location": "locations"}


def required(type_: Any, *names: str) -> list[sa.Column[Any]]:
    """Columns of one type that must have a value."""
    return [sa.Column(name, type_, nullable=False) for name in names]


def optional(type_: Any, *names: str) -> list[sa.Column[Any]]:
    """Columns of one type that may be null."""
    return [sa.Column(name, type_) for name in names]


def create_table(name: str, key: list[str], *columns: sa.Column[Any], **options: Any) -> None:
    """Create a table with a primary key, and foreign keys for `model_id` and `location` in it."""
    op.create_table(
        name,
        *columns,
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.{column}"], name=f"fk_{name}_{column}")
            for column, table in _REFERENCES.items()
            if column in key
        ),
        **options,
    )
