"""The schema of version 0.1, where migrations begin: env.py creates the tables of new databases."""

from alembic.util import CommandError

revision = "0005"
down_revision = None


def upgrade() -> None:
    """Refuse: a database without tables is created at the newest schema."""
    raise CommandError("An empty database can only be upgraded to head: alembic upgrade head.")
