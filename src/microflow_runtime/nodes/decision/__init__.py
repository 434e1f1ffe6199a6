"""The node `decision`: a decision table, or a decision of a DMN file. What is written, which rules hold, what they give.

Others use: `DecisionNode`.
"""

from microflow_runtime.nodes.decision.node import DecisionNode

__all__ = ["DecisionNode"]
