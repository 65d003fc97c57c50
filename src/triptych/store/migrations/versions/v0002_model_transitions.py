"""The history of the models' stages, and one live version per name."""

import sqlalchemy as sa
from alembic import op

from triptych.store.migrations.columns import INSTANT, SLUG, create_table, required

revision = "0002"
down_revision = "0001"

_LIVE = sa.text("stage IN ('staging', 'production')")
_STAGES = "('candidate', 'staging', 'production', 'archived')"


def upgrade() -> None:
    """Create the table of transitions, and the index that rejects concurrent promotions."""
    create_table(
        "model_transitions",
        ["id"],
        *required(sa.Integer, "id"),
        *required(SLUG, "model_id"),
        *required(sa.String(16), "action", "from_stage", "to_stage"),
        *required(sa.String(200), "who"),
        *required(sa.Text, "why"),
        *required(sa.Boolean, "forced"),
        *required(INSTANT, "at"),
        sa.CheckConstraint(
            "action IN ('promote', 'replace', 'reject', 'rollback')",
            name=op.f("ck_model_transitions_action"),
        ),
        sa.CheckConstraint(
            f"from_stage IN {_STAGES} AND to_stage IN {_STAGES} AND from_stage <> to_stage",
            name=op.f("ck_model_transitions_stages"),
        ),
    )
    op.create_index("ix_model_transitions_model_id", "model_transitions", ["model_id"])
    op.create_index(
        "uq_models_live",
        "models",
        ["name", "stage"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
