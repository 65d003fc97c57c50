"""Days that the source answered without all values, and the variable of a rejected value.

Days that are incomplete already are listed if their period was fetched in the last 30 days, the
default of `ingestion.final_after_days`: they are requested again. Older ones count as final.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from triptych.store.migrations.columns import (
    INSTANT,
    JSON,
    SLUG,
    WEATHER_VARIABLES,
    create_table,
    required,
)

revision = "0007"
down_revision = "0006"

_DAY = timedelta(days=1)
_HOURS = 24
_FINAL_AFTER = timedelta(days=30)


def upgrade() -> None:
    """Create the table and the column, and list the days that are incomplete already."""
    op.add_column("rejected_rows", sa.Column("variable", sa.String(64)))
    table = create_table(
        "incomplete_days",
        ["location", "day"],
        *required(SLUG, "location"),
        *required(INSTANT, "day"),
        *required(JSON, "missing"),
        *required(INSTANT, "first_requested", "last_requested", "last_as_of"),
    )
    periods = op.get_bind().execute(
        sa.text('SELECT location, "start", "end", fetched_at FROM ingested_periods')
    )
    for location, start, end, fetched_at in periods.all():
        if _instant(fetched_at) > datetime.now(UTC) - _FINAL_AFTER:
            rows = _incomplete(location, _instant(start), _instant(end), fetched_at)
            if rows:
                op.bulk_insert(table, rows)


def _incomplete(
    location: str, start: datetime, end: datetime, requested: Any
) -> list[dict[str, Any]]:
    found = _known_values(location, start, end)
    rows = []
    for number in range((end - start + _DAY - timedelta(seconds=1)) // _DAY):
        day = start.replace(hour=0) + number * _DAY
        known = found.get(f"{day:%Y-%m-%d}", (0,) * len(WEATHER_VARIABLES))
        counts = zip(WEATHER_VARIABLES, known, strict=True)
        missing = {name: _HOURS - count for name, count in counts if count < _HOURS}
        if missing:
            times = dict.fromkeys(("first_requested", "last_requested", "last_as_of"), requested)
            rows.append({"location": location, "day": _stored(day), "missing": missing, **times})
    return rows


def _known_values(location: str, start: datetime, end: datetime) -> dict[str, tuple[int, ...]]:
    """How many values of each variable the days of a period have."""
    day = "substr(time, 1, 10)" if _sqlite() else "to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    counts = ", ".join(f"count({name})" for name in WEATHER_VARIABLES)
    statement = sa.text(
        f"SELECT {day}, {counts} FROM weather_hourly "  # noqa: S608 (constants alone)
        "WHERE location = :location AND time >= :start AND time < :end GROUP BY 1"
    )
    bounds = {"location": location, "start": _stored(start), "end": _stored(end)}
    return {row[0]: tuple(row[1:]) for row in op.get_bind().execute(statement, bounds)}


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _instant(value: Any) -> datetime:
    found: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.astimezone(UTC)


def _stored(instant: datetime) -> Any:
    """An instant as the database stores it: SQLite as text."""
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}" if _sqlite() else instant
