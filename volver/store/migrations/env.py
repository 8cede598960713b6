"""What alembic runs: every missing step inside the one transaction that the caller holds."""

from alembic import context

from volver.store.schema import metadata

if hasattr(context, "config"):  # absent when a tool merely imports every module
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
    context.run_migrations()
