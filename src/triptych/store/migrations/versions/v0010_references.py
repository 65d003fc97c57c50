"""What each forecast is compared with: climatology and the mean of the NWP models."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add both columns."""
    for name in ("climatology", "nwp_mean"):
        op.add_column("predictions", sa.Column(name, sa.Float))
