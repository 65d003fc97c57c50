"""Errors, skill and coverage of issued forecasts by lead and window."""

import sqlalchemy as sa

from triptych.store.migrations.columns import INSTANT, SLUG, create_table, optional, required

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table of scores."""
    create_table(
        "forecast_scores",
        ["model_id", "location", "window", "lead"],
        *required(SLUG, "model_id", "location"),
        *required(sa.String(16), "window"),
        *required(sa.String(8), "lead"),
        *required(sa.Integer, "n", "days"),
        *required(sa.Float, "rmse", "mae", "bias"),
        *optional(sa.Float, "skill_day", "skill_climatology", "skill_persistence"),
        *required(sa.Float, "coverage", "width"),
        *required(INSTANT, "window_start", "window_end", "created_at"),
    )
