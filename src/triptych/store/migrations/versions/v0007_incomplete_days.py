"""Days that the source answered without all values, and the variable of a rejected value.

Days that are incomplete already are listed if their period was fetched in the last 30 days, the
default of `ingestion.final_after_days`: they are requested again. Older ones count as final.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(20), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_VARIABLES = (
    "temperature_2m", "relative_humidity_2m", "dew_point_2m", "surface_pressure", "cloud_cover",
    "wind_speed_10m", "wind_direction_10m", "precipitation", "shortwave_radiation",
)  # fmt: skip
_DAY = timedelta(days=1)
_FINAL_AFTER = timedelta(days=30)


def upgrade() -> None:
    """Make the table and the column, and list what is incomplete already."""
    op.add_column("rejected_rows", sa.Column("variable", sa.String(64)))
    table = op.create_table(
        "incomplete_days",
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("day", _INSTANT, nullable=False),
        sa.Column("missing", _JSON, nullable=False),
        sa.Column("first_requested", _INSTANT, nullable=False),
        sa.Column("last_requested", _INSTANT, nullable=False),
        sa.Column("last_as_of", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("location", "day", name="pk_incomplete_days"),
        sa.ForeignKeyConstraint(
            ["location"], ["locations.location"], name="fk_incomplete_days_location"
        ),
    )
    periods = op.get_bind().execute(
        sa.text('SELECT location, "start", "end", fetched_at FROM ingested_periods')
    )
    for location, start, end, fetched_at in periods.all():
        if _instant(fetched_at) > datetime.now(UTC) - _FINAL_AFTER:
            rows = _incomplete(location, _instant(start), _instant(end), fetched_at)
            if rows:
                op.bulk_insert(table, rows)


def downgrade() -> None:
    """Drop both."""
    op.drop_table("incomplete_days")
    with op.batch_alter_table("rejected_rows") as rejected:
        rejected.drop_column("variable")


def _incomplete(
    location: str, start: datetime, end: datetime, requested: Any
) -> list[dict[str, Any]]:
    found = _known_values(location, start, end)
    rows = []
    for number in range((end - start + _DAY - timedelta(seconds=1)) // _DAY):
        day = start.replace(hour=0) + number * _DAY
        known = found.get(f"{day:%Y-%m-%d}", (0,) * len(_VARIABLES))
        missing = {n: 24 - k for n, k in zip(_VARIABLES, known, strict=True) if k < 24}  # noqa: PLR2004
        if missing:
            times = dict.fromkeys(("first_requested", "last_requested", "last_as_of"), requested)
            rows.append({"location": location, "day": _stored(day), "missing": missing, **times})
    return rows


def _known_values(location: str, start: datetime, end: datetime) -> dict[str, tuple[int, ...]]:
    """How many values of each variable the days of a period have."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    day = "substr(time, 1, 10)" if sqlite else "to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    counts = ", ".join(f"count({name})" for name in _VARIABLES)
    statement = sa.text(
        f"SELECT {day}, {counts} FROM weather_hourly "  # noqa: S608 (constants alone)
        "WHERE location = :location AND time >= :start AND time < :end GROUP BY 1"
    )
    bounds = {"location": location, "start": _stored(start), "end": _stored(end)}
    return {row[0]: tuple(row[1:]) for row in op.get_bind().execute(statement, bounds)}


def _instant(value: Any) -> datetime:
    found: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.astimezone(UTC)


def _stored(instant: datetime) -> Any:
    """An instant as the database has it: SQLite as text."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}" if sqlite else instant
