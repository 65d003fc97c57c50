"""How the forecasts that were issued did: errors, skill and coverage by lead and window."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(20), "sqlite")


def upgrade() -> None:
    """Make the table of scores."""
    op.create_table(
        "forecast_scores",
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("window", sa.String(16), nullable=False),
        sa.Column("lead", sa.String(8), nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("rmse", sa.Float, nullable=False),
        sa.Column("mae", sa.Float, nullable=False),
        sa.Column("bias", sa.Float, nullable=False),
        sa.Column("skill_day", sa.Float),
        sa.Column("skill_climatology", sa.Float),
        sa.Column("skill_persistence", sa.Float),
        sa.Column("coverage", sa.Float, nullable=False),
        sa.Column("width", sa.Float, nullable=False),
        sa.Column("window_start", _INSTANT, nullable=False),
        sa.Column("window_end", _INSTANT, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "model_id", "location", "window", "lead", name="pk_forecast_scores"
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.model_id"], name="fk_forecast_scores_model_id"
        ),
        sa.ForeignKeyConstraint(
            ["location"], ["locations.location"], name="fk_forecast_scores_location"
        ),
    )
