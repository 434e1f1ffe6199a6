"""A removal to try the line with: the counters of failed logins."""

from alembic import op

revision = "post_0001"
down_revision = None
branch_labels = None
depends_on = None
floor = "0003"


def upgrade() -> None:
    """Remove the table."""
    op.drop_table("login_attempt")
