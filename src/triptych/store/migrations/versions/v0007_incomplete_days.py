"""Days that the source answered without all values, and the variable of a rejected value.

Periods that were fetched in the last 30 days, the default of `ingestion.final_after_days`, are
requested again by the next run, which lists their incomplete days. Older ones count as final.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from triptych.store.migrations.columns import INSTANT, JSON, SLUG, create_table, required

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table and the column, and forget the periods that may have gaps to fill."""
    op.add_column("rejected_rows", sa.Column("variable", sa.String(64)))
    create_table(
        "incomplete_days",
        ["location", "day"],
        *required(SLUG, "location"),
        *required(INSTANT, "day"),
        *required(JSON, "missing"),
        *required(INSTANT, "first_requested", "last_requested", "last_as_of"),
    )
    since = datetime.now(UTC) - timedelta(days=30)
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.get_bind().execute(
        sa.text("DELETE FROM ingested_periods WHERE fetched_at > :since"),
        {"since": f"{since:%Y-%m-%dT%H:%M:%SZ}" if sqlite else since},
    )
