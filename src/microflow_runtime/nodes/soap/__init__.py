"""The node `soap`: one call of an operation that a WSDL describes. What goes out, what comes back, and what a fault is.

Others use: `SoapNode`.
"""

from microflow_runtime.nodes.soap.node import SoapNode

__all__ = ["SoapNode"]
