"""How each step was forecast, and scores that are grouped by the age of the data.

The scores so far are averages over all data ages and cannot be split. They are dropped: the next
run of monitoring computes them from `predictions`.
"""

import sqlalchemy as sa
from alembic import op

from triptych.store.migrations.columns import INSTANT, SLUG, create_table, optional, required

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add `predictions.method`, and `data_age` to the key of `forecast_scores`."""
    op.add_column(
        "predictions",
        sa.Column("method", sa.String(16), nullable=False, server_default="model"),
    )
    op.drop_table("forecast_scores")
    create_table(
        "forecast_scores",
        ["model_id", "location", "window", "lead", "data_age"],
        *required(SLUG, "model_id", "location"),
        *required(sa.String(16), "window"),
        *required(sa.String(8), "lead"),
        *required(sa.Integer, "data_age", "n", "days"),
        *required(sa.Float, "rmse", "mae", "bias", "coverage", "width"),
        *optional(sa.Float, "skill_day", "skill_climatology", "skill_persistence"),
        *required(INSTANT, "window_start", "window_end", "created_at"),
    )
