"""Published snapshots, and the history of which of them was active."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NO_CHANGE = """
CREATE TRIGGER activation_no_{event} BEFORE {event} ON activation
BEGIN SELECT RAISE(ABORT, 'the history of activations only grows'); END
"""


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "snapshot",
        sa.Column("app", sa.String(128), nullable=False),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("base", sa.String(128), nullable=False),
        sa.Column("content_hash", sa.String(128), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("flows", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("app", "version", name="pk_snapshot"),
    )
    op.create_table(
        "activation",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False, autoincrement=False),
        sa.Column("app", sa.String(128), nullable=False),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_activation"),
    )
    op.create_index("ix_activation_app", "activation", ["app", "number"])
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(_NO_CHANGE.format(event=event))
