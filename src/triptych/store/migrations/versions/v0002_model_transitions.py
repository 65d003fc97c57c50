"""The history of the models' stages, and one live version a name."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# As it was when this was written: a migration does not follow later changes of the code.
_INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(20), "sqlite")
_LIVE = sa.text("stage IN ('staging', 'production')")


def upgrade() -> None:
    """Make the table of transitions and the index that two promotions at once run into."""
    op.create_table(
        "model_transitions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("from_stage", sa.String(16), nullable=False),
        sa.Column("to_stage", sa.String(16), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("forced", sa.Boolean, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_transitions"),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.model_id"], name="fk_model_transitions_model_id"
        ),
        sa.CheckConstraint(
            "action IN ('promote', 'replace', 'reject', 'rollback')",
            name=op.f("ck_model_transitions_action"),
        ),
        sa.CheckConstraint(
            "from_stage IN ('candidate', 'staging', 'production', 'archived') AND "
            "to_stage IN ('candidate', 'staging', 'production', 'archived') AND "
            "from_stage <> to_stage",
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
