"""The end of training of the evaluated model, and the sources of a forecast's input data."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(20), "sqlite")


def upgrade() -> None:
    """Add both columns."""
    op.add_column("models", sa.Column("evaluated_train_end", _INSTANT))
    op.add_column("predictions", sa.Column("sources", sa.Text))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("predictions", "sources")
    op.drop_column("models", "evaluated_train_end")
