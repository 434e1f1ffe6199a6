"""Runs plans: the executor, the state of a run, limits, transactions, the trace. Knows no driver and no HTTP.

Others use: `perform`, `Run`, `RunLimits`, `NodeType`, `Resources`, `SqlConnection`, `SqlStatement`, `record_execution`, `mask_sentence`,
`masked_trace`.
"""

from microflow_runtime.engine.contract import NodeType, Resources
from microflow_runtime.engine.limits import RunLimits
from microflow_runtime.engine.masked_sentences import mask_sentence, masked_trace
from microflow_runtime.engine.perform import perform, perform_at_once, read_inputs
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.sql import SqlConnection, SqlStatement
from microflow_runtime.engine.trace import record_execution

__all__ = [
    "NodeType",
    "Resources",
    "Run",
    "RunLimits",
    "SqlConnection",
    "SqlStatement",
    "mask_sentence",
    "masked_trace",
    "perform",
    "perform_at_once",
    "read_inputs",
    "record_execution",
]
