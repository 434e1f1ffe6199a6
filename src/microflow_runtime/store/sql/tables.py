"""The tables, for building statements. The migrations make them; a test holds the two together."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

_START = datetime(1970, 1, 1, tzinfo=UTC)


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept as whole microseconds since 1970 in UTC: the same in every database, and it sorts."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn an aware moment into microseconds."""
        return None if value is None else (value - _START) // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn microseconds into an aware moment."""
        return None if value is None else _START + timedelta(microseconds=value)


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
    Column("username", String(128), primary_key=True),
    Column("created_at", UtcTime, nullable=False),
    Column("password_hash", Text),
    Column("disabled", Boolean, nullable=False),
    Column("service_account", Boolean, nullable=False),
    Column("th_firstname", Text, nullable=False),
    Column("th_lastname", Text, nullable=False),
    Column("en_firstname", Text, nullable=False),
    Column("en_lastname", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("mobile_number", Text, nullable=False),
)

role = Table(
    "role",
    tables,
    Column("role_id", Integer, primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
)

protected_object = Table(
    "protected_object",
    tables,
    Column("object_id", Integer, primary_key=True),
    Column("object_type", String(64), nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("object_type", "name"),
)

role_permission = Table(
    "role_permission",
    tables,
    Column("role_id", _gone_with("role.role_id"), primary_key=True),
    Column("object_id", _gone_with("protected_object.object_id"), primary_key=True),
    Column("access", String(64), primary_key=True),
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
    Column("flow", String(512), primary_key=True),
    Column("account", _gone_with("user_account.username"), primary_key=True),
)

client = Table(
    "client",
    tables,
    Column("system_id", String(128), primary_key=True),
    Column("secret_hash", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

session = Table(
    "session",
    tables,
    Column("handle", String(64), primary_key=True),
    Column("token_digest", LargeBinary(32), nullable=False, unique=True),
    Column("id_digest", LargeBinary(32), unique=True),
    Column("username", _gone_with("user_account.username"), nullable=False, index=True),
    Column("client_id", String(128), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
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
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object_type", Text, nullable=False),
    Column("object_name", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

definition = Table(
    "definition",
    tables,
    Column("content_hash", String(128), primary_key=True),
    Column("kind", String(64), nullable=False),
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
    Column("app", String(128), primary_key=True),
    Column("version", String(128), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("base", String(128), nullable=False),
    Column("content_hash", String(128), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(128), nullable=False),
    Column("flows", Integer, nullable=False),
)

activation = Table(
    "activation",
    tables,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("app", String(128), nullable=False),
    Column("version", String(128), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(128), nullable=False),
    Index("ix_activation_app", "app", "number"),
)

meta = Table(
    "meta",
    tables,
    Column("key", String(128), primary_key=True),
    Column("value", Text, nullable=False),
)
