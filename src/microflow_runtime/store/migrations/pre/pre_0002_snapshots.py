"""Published snapshots, and the history of which of them was active."""

import sqlalchemy as sa
from alembic import op

from microflow_runtime.store.migrations.columns import let_only_grow, name, number

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "snapshot",
        sa.Column("app", name(256), nullable=False),
        sa.Column("version", name(128), nullable=False),
        sa.Column("kind", name(16), nullable=False),
        sa.Column("base", name(128), nullable=False),
        sa.Column("content_hash", name(128), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", name(128), nullable=False),
        sa.Column("flows", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("app", "version", name="pk_snapshot"),
    )
    op.create_table(
        "activation",
        sa.Column("number", number(), nullable=False, autoincrement=False),
        sa.Column("app", name(256), nullable=False),
        sa.Column("version", name(128), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", name(128), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_activation"),
    )
    op.create_index("ix_activation_app", "activation", ["app", "number"])
    let_only_grow("activation", "the history of activations only grows")
