"""What apps have been granted: secrets and places that their packages may use."""

import sqlalchemy as sa
from alembic import op

from microflow_runtime.store.migrations.columns import name

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "app_grant",
        sa.Column("app", name(256), nullable=False),
        sa.Column("kind", name(16), nullable=False),
        sa.Column("name", name(512), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", name(128), nullable=False),
        sa.PrimaryKeyConstraint("app", "kind", "name", name="pk_app_grant"),
    )
