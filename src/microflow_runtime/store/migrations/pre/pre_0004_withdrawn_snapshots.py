"""Snapshots that were withdrawn: kept, and not called."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("snapshot", sa.Column("withdrawn_at", sa.BigInteger, nullable=True))
