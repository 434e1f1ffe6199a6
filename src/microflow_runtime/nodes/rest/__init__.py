"""The node `rest`: one request to a named connection. What goes out, what comes back and what counts as success.

Others use: `RestNode`.
"""

from microflow_runtime.nodes.rest.node import RestNode

__all__ = ["RestNode"]
