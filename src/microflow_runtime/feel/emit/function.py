"""Wraps what the emitter made into one Python function and compiles it."""

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final

from microflow_runtime.feel import limits, syntax
from microflow_runtime.feel.emit.emitter import LOAD, Emitter
from microflow_runtime.feel.faults import Failure, LimitFailure
from microflow_runtime.feel.values import Value

FILE_NAME: Final = "<formula>"
"""The file name of emitted code in tracebacks."""

ALLOWED: Final = frozenset(
    {
        ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.Expr, ast.If, ast.For, ast.Break,
        ast.Try, ast.ExceptHandler, ast.Raise, ast.BoolOp, ast.NamedExpr, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Dict,
        ast.Compare, ast.Call, ast.Constant, ast.Subscript, ast.Name, ast.List, ast.Load, ast.Store, ast.And, ast.Or,
        ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Not, ast.USub, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
        ast.Is, ast.IsNot,
    }
)  # fmt: skip
"""Every kind of Python node that emitted code may hold. There is no attribute, no import, no text as code among them."""

FAILURES: Final = (
    Failure, LimitFailure, ArithmeticError, TypeError, LookupError, ValueError, AttributeError, RecursionError, MemoryError,
)  # fmt: skip
"""What emitted code may raise; the function turns each into a FeelError."""


def build(emitter: Emitter, tree: syntax.Node, translate: Callable[[BaseException], Exception] | None) -> ast.Module:
    """Give the module that defines `formula(frame)`. `translate` makes the error to raise of one that occurred."""
    place = emitter.at(tree)
    with emitter.block() as body:
        value = emitter.emit(tree)
        emitter.statements.append(ast.Return(value, **place))
    if emitter.counts:
        body.insert(0, ast.Expr(ast.Call(emitter.slot(limits.start, place), [], [], **place), **place))
    if translate is not None:
        caught = ast.Name("error", LOAD, **place)
        raised = ast.Raise(ast.Call(emitter.slot(translate, place), [caught], [], **place), caught, **place)
        handler = ast.ExceptHandler(emitter.slot(FAILURES, place), "error", [raised], **place)
        body = [ast.Try(body, [handler], [], [], **place)]
    arguments = ast.arguments([], [ast.arg("frame", **place)], None, [], [], None, [])
    function = ast.FunctionDef("formula", arguments, body, [], **place)
    return ast.Module([function], [])


def compile_function(emitter: Emitter, module: ast.Module) -> Callable[[Sequence[Value]], Value]:
    """Compile the module, and give its function."""
    code = compile(module, FILE_NAME, "exec", dont_inherit=True, optimize=1)
    names: dict[str, Any] = dict(emitter.slots)
    names["__builtins__"] = {}
    exec(code, names)  # noqa: S102 - the code comes from our own tree alone, and sees no built-ins
    function: Callable[[Sequence[Value]], Value] = names["formula"]
    return function
