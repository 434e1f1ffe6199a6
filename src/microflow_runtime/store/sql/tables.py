"""The tables, for building statements. The migrations make them; a test holds the two together."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)

from microflow_runtime.store.sql.columns import Name, UtcTime, Words

tables = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _gone_with(target: str) -> ForeignKey:
    return ForeignKey(target, ondelete="CASCADE")


user_account = Table(
    "user_account",
    tables,
    Column("username", Name(128), primary_key=True),
    Column("created_at", UtcTime, nullable=False),
    Column("password_hash", Words),
    Column("disabled", Boolean, nullable=False),
    Column("service_account", Boolean, nullable=False),
    Column("th_firstname", Words, nullable=False),
    Column("th_lastname", Words, nullable=False),
    Column("en_firstname", Words, nullable=False),
    Column("en_lastname", Words, nullable=False),
    Column("email", Words, nullable=False),
    Column("mobile_number", Words, nullable=False),
)

role = Table(
    "role",
    tables,
    Column("role_id", Integer, primary_key=True),
    Column("name", Name(128), nullable=False, unique=True),
)

protected_object = Table(
    "protected_object",
    tables,
    Column("object_id", Integer, primary_key=True),
    Column("object_type", Name(64), nullable=False),
    Column("name", Words, nullable=False),
    UniqueConstraint("object_type", "name"),
)

role_permission = Table(
    "role_permission",
    tables,
    Column("role_id", _gone_with("role.role_id"), primary_key=True),
    Column("object_id", _gone_with("protected_object.object_id"), primary_key=True),
    Column("access", Name(64), primary_key=True),
)

user_role = Table(
    "user_role",
    tables,
    Column("username", _gone_with("user_account.username"), primary_key=True),
    Column("role_id", _gone_with("role.role_id"), primary_key=True),
)

service_grant = Table(
    "service_grant",
    tables,
    Column("role_id", _gone_with("role.role_id"), primary_key=True),
    Column("flow", Name(512), primary_key=True),
    Column("account", _gone_with("user_account.username"), primary_key=True),
)

client = Table(
    "client",
    tables,
    Column("system_id", Name(128), primary_key=True),
    Column("secret_hash", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

session = Table(
    "session",
    tables,
    Column("handle", Name(64), primary_key=True),
    Column("token_digest", LargeBinary(32), nullable=False, unique=True),
    Column("id_digest", LargeBinary(32), unique=True),
    Column("username", _gone_with("user_account.username"), nullable=False, index=True),
    Column("client_id", Name(128), nullable=False, index=True),
    Column("kind", Name(16), nullable=False),
    Column("name", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False, index=True),
)

login_attempt = Table(
    "login_attempt",
    tables,
    Column("key", LargeBinary(32), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False, index=True),
)

audit = Table(
    "audit",
    tables,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("object_type", Words, nullable=False),
    Column("object_name", Words, nullable=False),
    Column("outcome", Words, nullable=False),
    Column("address", Words, nullable=False),
    Column("detail", Words, nullable=False),
    Column("hash", Name(64), nullable=False),
)

definition = Table(
    "definition",
    tables,
    Column("content_hash", Name(128), primary_key=True),
    Column("kind", Name(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

catalog = Table(
    "catalog",
    tables,
    Column("epoch", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("manifest", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

snapshot = Table(
    "snapshot",
    tables,
    Column("app", Name(256), primary_key=True),
    Column("version", Name(128), primary_key=True),
    Column("kind", Name(16), nullable=False),
    Column("base", Name(128), nullable=False),
    Column("content_hash", Name(128), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Name(128), nullable=False),
    Column("flows", Integer, nullable=False),
    Column("withdrawn_at", UtcTime),
)

activation = Table(
    "activation",
    tables,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("app", Name(256), nullable=False),
    Column("version", Name(128), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Name(128), nullable=False),
    Index("ix_activation_app", "app", "number"),
)

meta = Table(
    "meta",
    tables,
    Column("key", Name(128), primary_key=True),
    Column("value", Words, nullable=False),
)

execution = Table(
    "execution",
    tables,
    Column("execution_id", Name(64), primary_key=True),
    Column("app", Name(256), nullable=False),
    Column("flow", Name(256), nullable=False),
    Column("snapshot", Name(128), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("username", Name(128), nullable=False),
    Column("status", Name(16), nullable=False),
    Column("error", Words, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("duration_us", BigInteger, nullable=False),
    Column("search_keys", LargeBinary, nullable=False),
    Column("trace", LargeBinary, nullable=False),
    Index("ix_execution_started_at", "started_at", "execution_id"),
    Index("ix_execution_flow", "app", "flow", "started_at", "execution_id"),
    Index("ix_execution_username", "username", "started_at", "execution_id"),
)
# Few executions fail, and they are what people look for, so these have an index of their own, ix_execution_failed. It is
# made by the migrations and not named here: a condition on an index makes SQLAlchemy load PostgreSQL at each start.

execution_key = Table(
    "execution_key",
    tables,
    Column("name", Name(128), primary_key=True),
    Column("value", Name(256), primary_key=True),
    Column("started_at", UtcTime, primary_key=True),
    Column("execution_id", Name(64), primary_key=True),
)

idempotency_key = Table(
    "idempotency_key",
    tables,
    Column("scope", Name(256), primary_key=True),
    Column("key", Name(256), primary_key=True),
    Column("digest", LargeBinary(64), nullable=False),
    Column("execution_id", Name(64), nullable=False),
    Column("lease_ends_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False, index=True),
    Column("reply", LargeBinary),
)

cached_value = Table(
    "cached_value",
    tables,
    Column("space", Name(256), primary_key=True),
    Column("key", Name(256), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("ends_at", UtcTime, nullable=False, index=True),
)

app_grant = Table(
    "app_grant",
    tables,
    Column("app", Name(256), primary_key=True),
    Column("kind", Name(16), primary_key=True),
    Column("name", Name(512), primary_key=True),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Name(128), nullable=False),
)
