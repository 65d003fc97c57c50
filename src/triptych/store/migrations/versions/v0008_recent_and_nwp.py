"""Recent analyses and NWP forecasts, and the periods that were requested of each weather model."""

import sqlalchemy as sa

from triptych.store.migrations.columns import INSTANT, SLUG, create_table, optional, required

revision = "0008"
down_revision = "0007"

_VARIABLES = (
    "temperature_2m", "relative_humidity_2m", "dew_point_2m", "surface_pressure", "cloud_cover",
    "wind_speed_10m", "wind_direction_10m", "precipitation", "shortwave_radiation",
)  # fmt: skip


def upgrade() -> None:
    """Create the three tables."""
    create_table(
        "weather_recent",
        ["location", "model", "time"],
        *required(SLUG, "location", "model"),
        *required(INSTANT, "time"),
        *optional(sa.Float, *_VARIABLES),
        *required(INSTANT, "fetched_at"),
        sqlite_with_rowid=False,
    )
    create_table(
        "nwp_forecasts",
        ["location", "model", "time", "lead_day"],
        *required(SLUG, "location", "model"),
        *required(INSTANT, "time"),
        *required(sa.Integer, "lead_day"),
        *required(sa.Float, "temperature_2m"),
        *required(INSTANT, "fetched_at"),
        sqlite_with_rowid=False,
    )
    create_table(
        "model_periods",
        ["location", "product", "model", "start"],
        *required(SLUG, "location", "model"),
        *required(sa.String(16), "product"),
        *required(INSTANT, "start", "end", "as_of", "last_requested"),
        *required(sa.Integer, "rows"),
        *optional(INSTANT, "missing_from"),
        *required(INSTANT, "fetched_at"),
    )
