"""Models of photos and reviews, which have no period of training, and what they say of items."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(20), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_ITEM = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_STAGE = "stage IN ('candidate', 'staging', 'production', 'archived')"


def upgrade() -> None:
    """Give models a kind, let a period be missing, and make the two tables."""
    # SQLite makes the table anew, and does not tell Alembic of the rule that it has.
    kept = sa.CheckConstraint(_STAGE, name=op.f("ck_models_stage"))
    with op.batch_alter_table("models", table_args=(kept,)) as models:
        models.add_column(
            sa.Column("kind", sa.String(16), nullable=False, server_default="temperature")
        )
        models.alter_column("train_start", existing_type=_INSTANT, nullable=True)
        models.alter_column("train_end", existing_type=_INSTANT, nullable=True)
        models.create_check_constraint(
            op.f("ck_models_kind"), "kind IN ('temperature', 'images', 'texts')"
        )
        models.create_check_constraint(
            op.f("ck_models_period"),
            "kind <> 'temperature' OR (train_start IS NOT NULL AND train_end IS NOT NULL)",
        )
    _make_labels("image_predictions")
    _make_labels("text_predictions")


def _make_labels(table: str) -> None:
    op.create_table(
        table,
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("item", _ITEM, nullable=False),
        sa.Column("split", sa.String(32)),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("probabilities", _JSON, nullable=False),
        sa.Column("true_label", sa.String(64)),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("model_id", "item", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["model_id"], ["models.model_id"], name=f"fk_{table}_model_id"),
    )
