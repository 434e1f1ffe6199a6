"""The store in SQL: its tables, the statements by subject, the databases, and the translation of driver errors.

Others use: `SqlStore`, `open_store`, `migrate_store` and `SCHEMA`, through the folder above.
"""

from microflow_runtime.store.sql.opening import migrate_store, open_store
from microflow_runtime.store.sql.schema import HEAD as SCHEMA
from microflow_runtime.store.sql.store import SqlStore

__all__ = ["SCHEMA", "SqlStore", "migrate_store", "open_store"]
