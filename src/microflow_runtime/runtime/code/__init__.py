"""The pool of processes that custom code runs in: started when they are needed, killed when a call's time is over.

Others use: `CodePool`.
"""

from microflow_runtime.runtime.code.pool import CodePool

__all__ = ["CodePool"]
