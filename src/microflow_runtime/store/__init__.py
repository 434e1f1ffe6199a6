"""Where definitions, users, sessions and the audit live: the Store protocol, SQLite and PostgreSQL behind it, and a double in memory.

Others use: `Store`, `open_store`, `migrate_store`, `MemoryStore` in tests, and the records. What speaks SQL is loaded when
it is first asked for: a command that only needs the records does not wait for SQLAlchemy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from microflow_runtime.store.memory import MemoryStore
from microflow_runtime.store.protocol import EpochTaken, Store
from microflow_runtime.store.records import (
    EVERY_EXECUTION,
    Access,
    Activation,
    AppGrant,
    Attempts,
    AuditEntry,
    AuditRow,
    Claim,
    Client,
    ExecutionFilter,
    Rights,
    Role,
    ServiceGrant,
    Session,
    Snapshot,
    SnapshotChange,
    StoredCatalog,
    StoredExecution,
    User,
)

if TYPE_CHECKING:
    from microflow_runtime.store.sql import SCHEMA, SqlStore, migrate_store, open_store

__all__ = [
    "EVERY_EXECUTION",
    "SCHEMA",
    "Access",
    "Activation",
    "AppGrant",
    "Attempts",
    "AuditEntry",
    "AuditRow",
    "Claim",
    "Client",
    "EpochTaken",
    "ExecutionFilter",
    "MemoryStore",
    "Rights",
    "Role",
    "ServiceGrant",
    "Session",
    "Snapshot",
    "SnapshotChange",
    "SqlStore",
    "Store",
    "StoredCatalog",
    "StoredExecution",
    "User",
    "migrate_store",
    "open_store",
]


def __getattr__(name: str) -> Any:
    if name not in {"SCHEMA", "SqlStore", "migrate_store", "open_store"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.sql"), name)
