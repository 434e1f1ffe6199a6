"""A store in memory, for tests and for runs that keep nothing. It passes the same suite as the real ones.

Others use: `MemoryStore`, through the folder above.
"""

from microflow_runtime.store.memory.store import MemoryStore

__all__ = ["MemoryStore"]
