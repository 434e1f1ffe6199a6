"""The first tables: users, roles, sessions, audit, definitions and catalogs."""

import sqlalchemy as sa
from alembic import op

from microflow_runtime.store.migrations.columns import let_only_grow, name, number, words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _make_accounts()
    _make_sessions()
    _make_audit()
    op.create_table(
        "definition",
        sa.Column("content_hash", name(128), nullable=False),
        sa.Column("kind", name(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name="pk_definition"),
    )
    op.create_table(
        "catalog",
        sa.Column("epoch", number(), nullable=False, autoincrement=False),
        sa.Column("manifest", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("epoch", name="pk_catalog"),
    )
    op.create_table(
        "meta",
        sa.Column("key", name(128), nullable=False),
        sa.Column("value", words(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )


def _gone_with(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete="CASCADE")


def _make_accounts() -> None:
    texts = ("th_firstname", "th_lastname", "en_firstname", "en_lastname", "email", "mobile_number")
    op.create_table(
        "user_account",
        sa.Column("username", name(128), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("password_hash", words()),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("service_account", sa.Boolean, nullable=False),
        *(sa.Column(text, words(), nullable=False) for text in texts),
        sa.PrimaryKeyConstraint("username", name="pk_user_account"),
    )
    op.create_table(
        "role",
        sa.Column("role_id", sa.Integer, nullable=False),
        sa.Column("name", name(128), nullable=False),
        sa.PrimaryKeyConstraint("role_id", name="pk_role"),
        sa.UniqueConstraint("name", name="uq_role_name"),
    )
    op.create_table(
        "protected_object",
        sa.Column("object_id", sa.Integer, nullable=False),
        sa.Column("object_type", name(64), nullable=False),
        sa.Column("name", words(), nullable=False),
        sa.PrimaryKeyConstraint("object_id", name="pk_protected_object"),
        sa.UniqueConstraint("object_type", "name", name="uq_protected_object_object_type"),
    )
    op.create_table(
        "role_permission",
        sa.Column("role_id", sa.Integer, nullable=False),
        sa.Column("object_id", sa.Integer, nullable=False),
        sa.Column("access", name(64), nullable=False),
        sa.PrimaryKeyConstraint("role_id", "object_id", "access", name="pk_role_permission"),
        _gone_with("role_permission", "role_id", "role.role_id"),
        _gone_with("role_permission", "object_id", "protected_object.object_id"),
    )
    op.create_table(
        "user_role",
        sa.Column("username", name(128), nullable=False),
        sa.Column("role_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("username", "role_id", name="pk_user_role"),
        _gone_with("user_role", "username", "user_account.username"),
        _gone_with("user_role", "role_id", "role.role_id"),
    )
    op.create_table(
        "service_grant",
        sa.Column("role_id", sa.Integer, nullable=False),
        sa.Column("flow", name(512), nullable=False),
        sa.Column("account", name(128), nullable=False),
        sa.PrimaryKeyConstraint("role_id", "flow", "account", name="pk_service_grant"),
        _gone_with("service_grant", "role_id", "role.role_id"),
        _gone_with("service_grant", "account", "user_account.username"),
    )
    op.create_table(
        "client",
        sa.Column("system_id", name(128), nullable=False),
        sa.Column("secret_hash", words(), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("system_id", name="pk_client"),
    )


def _make_sessions() -> None:
    op.create_table(
        "session",
        sa.Column("handle", name(64), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("id_digest", sa.LargeBinary(32)),
        sa.Column("username", name(128), nullable=False),
        sa.Column("client_id", name(128), nullable=False),
        sa.Column("kind", name(16), nullable=False),
        sa.Column("name", words(), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("handle", name="pk_session"),
        sa.UniqueConstraint("token_digest", name="uq_session_token_digest"),
        sa.UniqueConstraint("id_digest", name="uq_session_id_digest"),
        _gone_with("session", "username", "user_account.username"),
    )
    for column in ("username", "client_id", "ends_at"):
        op.create_index(f"ix_session_{column}", "session", [column])
    op.create_table(
        "login_attempt",
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_login_attempt"),
    )
    op.create_index("ix_login_attempt_last_at", "login_attempt", ["last_at"])


def _make_audit() -> None:
    texts = ("actor", "action", "object_type", "object_name", "outcome", "address", "detail")
    op.create_table(
        "audit",
        sa.Column("number", number(), nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(text, words(), nullable=False) for text in texts),
        sa.Column("hash", name(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    let_only_grow("audit", "the audit only grows")
