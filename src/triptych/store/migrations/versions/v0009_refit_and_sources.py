"""The end of training of the evaluated model, and the sources of a forecast's input data."""

import sqlalchemy as sa
from alembic import op

from triptych.store.migrations.columns import INSTANT

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add both columns."""
    op.add_column("models", sa.Column("evaluated_train_end", INSTANT))
    op.add_column("predictions", sa.Column("sources", sa.Text))
