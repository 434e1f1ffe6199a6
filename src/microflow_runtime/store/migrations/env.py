"""Runs one line of migrations on the connection that `store.sql.alembic_line` hands over."""

from alembic import context

from microflow_runtime.store.sql.tables import tables

given = context.config.attributes
context.configure(
    connection=given["connection"],
    target_metadata=tables,
    version_table=given["version_table"],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
