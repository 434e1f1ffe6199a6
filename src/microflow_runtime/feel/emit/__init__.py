"""The emitter: turns a checked formula into a Python function, through Python's `ast` and never through text.

`HANDLERS` is the one table of what is emitted for each kind of phrase, `compile_function` makes the function.
"""

from typing import Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.emit import access, calls, operators, structures
from microflow_runtime.feel.emit.emitter import Emitter, Handler
from microflow_runtime.feel.emit.function import ALLOWED, FILE_NAME, build, compile_function

HANDLERS: Final[dict[type, Handler]] = {
    syntax.Literal: access.literal,
    syntax.Name: access.name,
    syntax.Path: access.path,
    syntax.Filter: access.filter_,
    syntax.Call: calls.call,
    syntax.Function: calls.function,
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

__all__ = ["ALLOWED", "FILE_NAME", "HANDLERS", "Emitter", "build", "compile_function"]
