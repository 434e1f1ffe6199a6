"""Boxed expressions of DMN files: each kind checked against the names that it sees, and bound to a frame.

Others use what is listed below; `KINDS` has all kinds on one screen.
"""

from microflow_runtime.nodes.decision.boxed.checker import Boxed, BoxedChecker, BoxedScope
from microflow_runtime.nodes.decision.boxed.kinds import KINDS
from microflow_runtime.nodes.decision.boxed.slots import Slots

__all__ = ["KINDS", "Boxed", "BoxedChecker", "BoxedScope", "Slots"]
