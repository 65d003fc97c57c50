"""Recent analyses and NWP forecasts, and the periods that were requested of each weather model."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(20), "sqlite")
_VARIABLES = (
    "temperature_2m", "relative_humidity_2m", "dew_point_2m", "surface_pressure", "cloud_cover",
    "wind_speed_10m", "wind_direction_10m", "precipitation", "shortwave_radiation",
)  # fmt: skip


def upgrade() -> None:
    """Create the three tables."""
    _create("weather_recent", ("location", "model", "time"),
            _instant("time"), *(sa.Column(name, sa.Float) for name in _VARIABLES))  # fmt: skip
    _create("nwp_forecasts", ("location", "model", "time", "lead_day"), _instant("time"),
            sa.Column("lead_day", sa.Integer, nullable=False),
            sa.Column("temperature_2m", sa.Float, nullable=False))  # fmt: skip
    _create("model_periods", ("location", "product", "model", "start"),
            sa.Column("product", sa.String(16), nullable=False),
            *(_instant(name) for name in ("start", "end", "as_of", "last_requested")),
            sa.Column("rows", sa.Integer, nullable=False),
            sa.Column("missing_from", _INSTANT), rowid=True)  # fmt: skip


def downgrade() -> None:
    """Drop them."""
    for name in ("model_periods", "nwp_forecasts", "weather_recent"):
        op.drop_table(name)


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, _INSTANT, nullable=False)


def _create(
    name: str, key: tuple[str, ...], *columns: sa.Column[object], rowid: bool = False
) -> None:
    op.create_table(
        name,
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        *columns,
        _instant("fetched_at"),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["location"], ["locations.location"], name=f"fk_{name}_location"),
        sqlite_with_rowid=rowid,
    )
