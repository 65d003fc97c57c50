"""What the migrations share. It stays as it is: a migration does not follow later changes."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(20), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SLUG = sa.String(64)
WEATHER_VARIABLES = (
    "temperature_2m",
    "relative_humidity_2m",
    "dew_point_2m",
    "surface_pressure",
    "cloud_cover",
    "wind_speed_10m",
    "wind_direction_10m",
    "precipitation",
    "shortwave_radiation",
)
_REFERENCES = {"model_id": "models", "location": "locations"}


def required(type_: Any, *names: str) -> list[sa.Column[Any]]:
    """Columns of one type that must have a value."""
    return [sa.Column(name, type_, nullable=False) for name in names]


def optional(type_: Any, *names: str) -> list[sa.Column[Any]]:
    """Columns of one type that may be null."""
    return [sa.Column(name, type_) for name in names]


def create_table(name: str, key: list[str], *parts: Any, **options: Any) -> sa.Table:
    """Create a table with a primary key, and foreign keys for `model_id` and `location` in it."""
    columns = {part.name for part in parts if isinstance(part, sa.Column)}
    return op.create_table(
        name,
        *parts,
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.{column}"], name=f"fk_{name}_{column}")
            for column, table in _REFERENCES.items()
            if column in columns and name not in {table, "rejected_rows"}
        ),
        **options,
    )
