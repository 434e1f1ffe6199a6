"""The side of custom code: what functions of the operator may import, how they are found, and the process they run in.

Functions use: `Call`, `Months`. The runtime uses: `GROUP`, `CodeReply`, `CodeRequest`, `installed_functions`. Nothing here
imports the rest of the package, so that a process of custom code is small and quick to start.
"""

from microflow_runtime.code.call import Call, Months
from microflow_runtime.code.installed import GROUP, installed_functions
from microflow_runtime.code.wire import CodeReply, CodeRequest

__all__ = ["GROUP", "Call", "CodeReply", "CodeRequest", "Months", "installed_functions"]
