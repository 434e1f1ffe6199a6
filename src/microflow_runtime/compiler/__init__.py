"""From definitions to plans, or to the list of everything that is wrong with them. Pure: no input and no output.

Others use: `CheckedFlow`, `compile_flow`, `check_business_object`, `Library`, `Callee`, `Plan`; files are read in `reading`.
"""

from microflow_runtime.compiler.compile import CheckedFlow, check_business_object, compile_flow
from microflow_runtime.compiler.library import Callee, Library, NodeDeclaration, closure_of, types_of
from microflow_runtime.compiler.plan import Plan

__all__ = [
    "Callee",
    "CheckedFlow",
    "Library",
    "NodeDeclaration",
    "Plan",
    "check_business_object",
    "closure_of",
    "compile_flow",
    "types_of",
]
