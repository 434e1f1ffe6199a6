"""Where definitions, users, sessions and the audit live: the Store protocol, SQLite behind it, and a double in memory.

Others use: `Store`, `open_store`, `MemoryStore` in tests, and the records.
"""

from microflow_runtime.store.memory import MemoryStore
from microflow_runtime.store.protocol import Store
from microflow_runtime.store.records import (
    Access,
    Activation,
    Attempts,
    AuditEntry,
    AuditRow,
    Client,
    Rights,
    Role,
    ServiceGrant,
    Session,
    Snapshot,
    StoredCatalog,
    User,
)
from microflow_runtime.store.sql import SqlStore, open_store

__all__ = [
    "Access",
    "Activation",
    "Attempts",
    "AuditEntry",
    "AuditRow",
    "Client",
    "MemoryStore",
    "Rights",
    "Role",
    "ServiceGrant",
    "Session",
    "Snapshot",
    "SqlStore",
    "Store",
    "StoredCatalog",
    "User",
    "open_store",
]
