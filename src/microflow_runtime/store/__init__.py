"""Where definitions, users, sessions and the audit live: the Store protocol, SQLite and PostgreSQL behind it, and a double in memory.

Others use: `Store`, `open_store`, `migrate_store`, `MemoryStore` in tests, and the records.
"""

from microflow_runtime.store.memory import MemoryStore
from microflow_runtime.store.protocol import EpochTaken, Store
from microflow_runtime.store.records import (
    EVERY_EXECUTION,
    Access,
    Activation,
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
    StoredCatalog,
    StoredExecution,
    User,
)
from microflow_runtime.store.sql import SCHEMA, SqlStore, migrate_store, open_store

__all__ = [
    "EVERY_EXECUTION",
    "SCHEMA",
    "Access",
    "Activation",
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
    "SqlStore",
    "Store",
    "StoredCatalog",
    "StoredExecution",
    "User",
    "migrate_store",
    "open_store",
]
