"""Executions with the keys they are found by, idempotency keys, and cached values."""

import sqlalchemy as sa
from alembic import op

from microflow_runtime.store.migrations.columns import name, words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _make_executions()
    op.create_table(
        "idempotency_key",
        sa.Column("scope", name(256), nullable=False),
        sa.Column("key", name(256), nullable=False),
        sa.Column("digest", sa.LargeBinary(64), nullable=False),
        sa.Column("execution_id", name(64), nullable=False),
        sa.Column("lease_ends_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("reply", sa.LargeBinary),
        sa.PrimaryKeyConstraint("scope", "key", name="pk_idempotency_key"),
    )
    op.create_index("ix_idempotency_key_ends_at", "idempotency_key", ["ends_at"])
    op.create_table(
        "cached_value",
        sa.Column("space", name(256), nullable=False),
        sa.Column("key", name(256), nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("space", "key", name="pk_cached_value"),
    )
    op.create_index("ix_cached_value_ends_at", "cached_value", ["ends_at"])


def _make_executions() -> None:
    op.create_table(
        "execution",
        sa.Column("execution_id", name(64), nullable=False),
        sa.Column("app", name(256), nullable=False),
        sa.Column("flow", name(256), nullable=False),
        sa.Column("snapshot", name(128), nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("username", name(128), nullable=False),
        sa.Column("status", name(16), nullable=False),
        sa.Column("error", words(), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("duration_us", sa.BigInteger, nullable=False),
        sa.Column("search_keys", sa.LargeBinary, nullable=False),
        sa.Column("trace", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("execution_id", name="pk_execution"),
    )
    place = ["started_at", "execution_id"]
    op.create_index("ix_execution_started_at", "execution", place)
    op.create_index("ix_execution_flow", "execution", ["app", "flow", *place])
    op.create_index("ix_execution_username", "execution", ["username", *place])
    failed = sa.text("status = 'ERROR'")
    op.create_index("ix_execution_failed", "execution", place, sqlite_where=failed, postgresql_where=failed)
    op.create_table(
        "execution_key",
        sa.Column("name", name(128), nullable=False),
        sa.Column("value", name(256), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("execution_id", name(64), nullable=False),
        sa.PrimaryKeyConstraint("name", "value", "started_at", "execution_id", name="pk_execution_key"),
    )
