"""How each step was forecast, and scores that are grouped by the age of the data.

The scores so far are averages over all data ages and cannot be split. They are dropped: the next
run of monitoring computes them from `predictions`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(20), "sqlite")
_KEY = ("model_id", "location", "window", "lead")


def upgrade() -> None:
    """Add `predictions.method`, and `data_age` to the key of `forecast_scores`."""
    op.add_column(
        "predictions",
        sa.Column("method", sa.String(16), nullable=False, server_default="model"),
    )
    op.drop_table("forecast_scores")
    _make_scores(sa.Column("data_age", sa.Integer, nullable=False), key=(*_KEY, "data_age"))


def downgrade() -> None:
    """Go back to forecasts without a method, and to scores without a data age."""
    op.drop_column("predictions", "method")
    op.drop_table("forecast_scores")
    _make_scores(key=_KEY)


def _make_scores(*more: sa.Column[int], key: tuple[str, ...]) -> None:
    errors = ("rmse", "mae", "bias", "coverage", "width")
    skills = ("skill_day", "skill_climatology", "skill_persistence")
    op.create_table(
        "forecast_scores",
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("window", sa.String(16), nullable=False),
        sa.Column("lead", sa.String(8), nullable=False),
        *more,
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("n", "days")),
        *(sa.Column(name, sa.Float, nullable=False) for name in errors),
        *(sa.Column(name, sa.Float) for name in skills),
        *(
            sa.Column(name, _INSTANT, nullable=False)
            for name in ("window_start", "window_end", "created_at")
        ),
        sa.PrimaryKeyConstraint(*key, name="pk_forecast_scores"),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.model_id"], name="fk_forecast_scores_model_id"
        ),
        sa.ForeignKeyConstraint(
            ["location"], ["locations.location"], name="fk_forecast_scores_location"
        ),
    )
