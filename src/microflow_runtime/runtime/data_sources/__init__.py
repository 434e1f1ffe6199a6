"""The databases of the apps: pools of connections, transactions of executions, one module a kind of database.

Others use: `DataSources`; its `admitted` before an execution begins, its `open_transaction` by the engine's contract.
"""

from microflow_runtime.runtime.data_sources.sources import DataSources

__all__ = ["DataSources"]
