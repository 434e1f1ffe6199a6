"""The kinds of node: one module each, all of them on one screen in `table`. None of them imports another.

Others use: `NODE_TYPES`.
"""

from microflow_runtime.nodes.table import NODE_TYPES

__all__ = ["NODE_TYPES"]
