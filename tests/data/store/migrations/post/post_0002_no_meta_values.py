"""A later removal that only a schema of the future can do without."""

from alembic import op

revision = "post_0002"
down_revision = "post_0001"
branch_labels = None
depends_on = None
floor = "0009"


def upgrade() -> None:
    """Remove the table."""
    op.drop_table("cached_value")
