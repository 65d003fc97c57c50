"""From version 0.1: recent analyses, NWP forecasts, incomplete days, methods and data ages.

- Scores were averages over all data ages: the next run of monitoring computes them again.
- Periods that were fetched in the last 30 days, the default of `ingestion.final_after_days`, are
  requested again by the next run, which lists their incomplete days. Older ones count as final.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0005"

_INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(20), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_SLUG = sa.String(64)
_VARIABLES = (
    "temperature_2m", "relative_humidity_2m", "dew_point_2m", "surface_pressure", "cloud_cover",
    "wind_speed_10m", "wind_direction_10m", "precipitation", "shortwave_radiation",
)  # fmt: skip
_REFERENCES = {"model_id": "models", "location": "locations"}


def upgrade() -> None:
    """Add tables and columns, and remove what is to be computed or requested again."""
    for table, name, type_ in (
        ("rejected_rows", "variable", _SLUG),
        ("models", "evaluated_train_end", _INSTANT),
        ("predictions", "sources", sa.Text()),
        ("predictions", "climatology", sa.Float()),
        ("predictions", "nwp_mean", sa.Float()),
    ):
        op.add_column(table, sa.Column(name, type_))
    method = sa.Column("method", sa.String(16), nullable=False, server_default="model")
    op.add_column("predictions", method)
    op.drop_table("forecast_scores")
    _create(
        "forecast_scores",
        ["model_id", "location", "window", "lead", "data_age"],
        *_required(_SLUG, "model_id", "location"),
        *_required(sa.String(16), "window"),
        *_required(sa.String(8), "lead"),
        *_required(sa.Integer, "data_age", "n", "days"),
        *_required(sa.Float, "rmse", "mae", "bias", "coverage", "width"),
        *_optional(sa.Float, "skill_day", "skill_climatology", "skill_persistence"),
        *_required(_INSTANT, "window_start", "window_end", "created_at"),
    )
    _create(
        "incomplete_days",
        ["location", "day"],
        *_required(_SLUG, "location"),
        *_required(_INSTANT, "day"),
        *_required(_JSON, "missing"),
        *_required(_INSTANT, "first_requested", "last_requested", "last_as_of"),
    )
    _create(
        "weather_recent",
        ["location", "model", "time"],
        *_required(_SLUG, "location", "model"),
        *_required(_INSTANT, "time"),
        *_optional(sa.Float, *_VARIABLES),
        *_required(_INSTANT, "fetched_at"),
        sqlite_with_rowid=False,
    )
    _create(
        "nwp_forecasts",
        ["location", "model", "time", "lead_day"],
        *_required(_SLUG, "location", "model"),
        *_required(_INSTANT, "time"),
        *_required(sa.Integer, "lead_day"),
        *_required(sa.Float, "temperature_2m"),
        *_required(_INSTANT, "fetched_at"),
        sqlite_with_rowid=False,
    )
    _create(
        "model_periods",
        ["location", "product", "model", "start"],
        *_required(_SLUG, "location", "model"),
        *_required(sa.String(16), "product"),
        *_required(_INSTANT, "start", "end", "as_of", "last_requested", "fetched_at"),
        *_required(sa.Integer, "rows"),
        *_optional(_INSTANT, "missing_from"),
    )
    since: Any = datetime.now(UTC) - timedelta(days=30)
    if op.get_bind().dialect.name == "sqlite":
        since = f"{since:%Y-%m-%dT%H:%M:%SZ}"
    recent = sa.text("DELETE FROM ingested_periods WHERE fetched_at > :since")
    op.get_bind().execute(recent, {"since": since})


def _required(type_: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_, nullable=False) for name in names]


def _optional(type_: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_) for name in names]


def _create(name: str, key: list[str], *columns: sa.Column[Any], **options: Any) -> None:
    """Create a table with its primary key, and foreign keys for `model_id` and `location`."""
    references = (
        sa.ForeignKeyConstraint([column], [f"{table}.{column}"], name=f"fk_{name}_{column}")
        for column, table in _REFERENCES.items()
        if column in key
    )
    primary = sa.PrimaryKeyConstraint(*key, name=f"pk_{name}")
    op.create_table(name, *columns, primary, *references, **options)
