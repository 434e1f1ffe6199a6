"""The type checker: gives every part of a formula its type, binds its names, and tells of every fault at once.

`HANDLERS` is the one table of what is done for each kind of phrase.
"""

from typing import Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check import access, calls, operators, structures
from microflow_runtime.feel.check.checker import Checker, Handler

HANDLERS: Final[dict[type, Handler]] = {
    syntax.Literal: access.literal,
    syntax.Name: access.name,
    syntax.Path: access.path,
    syntax.Filter: access.filter_,
    syntax.Call: calls.call,
    syntax.Function: structures.function,
    syntax.Negate: operators.negate,
    syntax.Binary: operators.binary,
    syntax.Comparison: operators.comparison,
    syntax.Logic: operators.logic,
    syntax.Between: operators.between,
    syntax.In: operators.within,
    syntax.Test: operators.half_range,
    syntax.Tests: operators.tests,
    syntax.Range: operators.span,
    syntax.List: structures.list_,
    syntax.Context: structures.context,
    syntax.If: structures.if_,
    syntax.For: structures.for_,
    syntax.Quantified: structures.quantified,
    syntax.InstanceOf: structures.instance_of,
}

__all__ = ["HANDLERS", "Checker"]
