"""The databases of the apps: pools of connections, transactions of executions, one module a kind of database.

Others use: `DatabasesWanted`, which its `prepare` raises, and `DataSources`; its `admitted` before an execution begins, its `open_transaction` by the engine's contract.
"""

from microflow_runtime.runtime.data_sources.sources import DataSources
from microflow_runtime.runtime.data_sources.sqlite_files import DatabasesWanted

__all__ = ["DataSources", "DatabasesWanted"]
