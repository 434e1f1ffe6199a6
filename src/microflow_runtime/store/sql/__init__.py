"""The store in SQL: its tables, the statements by subject, and the translation of driver errors.

Others use: `SqlStore` and `open_store`, through the folder above.
"""

from microflow_runtime.store.sql.store import SqlStore, open_store

__all__ = ["SqlStore", "open_store"]
