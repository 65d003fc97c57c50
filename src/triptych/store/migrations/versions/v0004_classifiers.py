"""Classifiers of photos and reviews, which have no training period, and their predictions."""

import sqlalchemy as sa
from alembic import op

from triptych.store.migrations.columns import INSTANT, JSON, SLUG, create_table, optional, required

revision = "0004"
down_revision = "0003"

_ITEM = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_STAGE = "stage IN ('candidate', 'staging', 'production', 'archived')"


def upgrade() -> None:
    """Give models a kind, make the training period optional, and create the two tables."""
    # SQLite creates the table anew, and does not report its check constraint to Alembic.
    stage = sa.CheckConstraint(_STAGE, name=op.f("ck_models_stage"))
    with op.batch_alter_table("models", table_args=(stage,)) as models:
        models.add_column(
            sa.Column("kind", sa.String(16), nullable=False, server_default="temperature")
        )
        for name in ("train_start", "train_end"):
            models.alter_column(name, existing_type=INSTANT, nullable=True)
        models.create_check_constraint(
            op.f("ck_models_kind"), "kind IN ('temperature', 'images', 'texts')"
        )
        models.create_check_constraint(
            op.f("ck_models_period"),
            "kind <> 'temperature' OR (train_start IS NOT NULL AND train_end IS NOT NULL)",
        )
    for table in ("image_predictions", "text_predictions"):
        create_table(
            table,
            ["model_id", "item"],
            *required(SLUG, "model_id"),
            *required(_ITEM, "item"),
            *optional(sa.String(32), "split"),
            *required(SLUG, "label"),
            *required(JSON, "probabilities"),
            *optional(SLUG, "true_label"),
            *required(INSTANT, "created_at"),
        )
