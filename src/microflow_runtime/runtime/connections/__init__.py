"""The outside systems that flows call by name: pools, sign-in, and the rules of where a call may go.

Others use: `Connections`.
"""

from microflow_runtime.runtime.connections.connections import Connections

__all__ = ["Connections"]
