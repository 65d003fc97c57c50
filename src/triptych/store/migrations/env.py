"""What Alembic runs: the migrations, in the transaction that `migrate` has opened."""

from alembic import context

from triptych.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
