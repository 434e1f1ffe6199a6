"""The node that runs one SQL statement: its settings, parameters, columns and batches.

Others use: `DatabaseNode`.
"""

from microflow_runtime.nodes.database.node import DatabaseNode

__all__ = ["DatabaseNode"]
