"""Builds the Python function of a checked formula, as a syntax tree of Python's own `ast`.

The tree never holds text of the formula as code: names are generated, constants that Python has no literal for and all
functions called are *slots*, globals with generated names; values are never read by attribute. Every node carries the
place of the formula's part it stands for (line 1, column = offset), so that a traceback tells which part failed.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.bindings import Local
from microflow_runtime.feel.types import Type

Handler = Callable[["Emitter", Any], ast.expr]
Place = dict[str, Any]
Guard = Callable[[Callable[..., Any], syntax.Node], Callable[..., Any]]

LOAD: Final = ast.Load()
STORE: Final = ast.Store()
NATIVE_CONSTANTS: Final = (type(None), bool, str)


class Emitter:
    """One emission. `guard` is set for lenient evaluation: it wraps every function that may fail."""

    def __init__(self, handlers: Mapping[type, Handler], layout: Mapping[str, int], guard: Guard | None = None) -> None:
        self.handlers = handlers
        self.layout = layout
        self.guard = guard
        self.slots: dict[str, Any] = {}
        self._slot_names: dict[int, str] = {}
        self.statements: list[ast.stmt] = []
        self.locals: dict[Local, str] = {}
        self.bound: list[str] = []
        self.loops = 0
        self._temps = 0
        self.counts = False

    def emit(self, node: syntax.Node) -> ast.expr:
        """Give the Python expression of a part; statements it needs go before, into the present block."""
        return self.handlers[type(node)](self, node)

    # -- places, names, constants --------------------------------------------------------------------------------

    def at(self, node: Any) -> Place:
        """Give the place of a part, for Python's nodes."""
        return {"lineno": 1, "col_offset": node.start, "end_lineno": 1, "end_col_offset": node.end}

    def slot(self, value: Any, place: Place) -> ast.Name:
        """Give the name of a slot that holds a constant or a function."""
        name = self._slot_names.get(id(value))
        if name is None:
            name = f"k{len(self.slots)}"
            self.slots[name] = value
            self._slot_names[id(value)] = name
        return ast.Name(name, LOAD, **place)

    def constant(self, value: Any, place: Place) -> ast.expr:
        """Give a constant: Python's own where it has one, else a slot."""
        if isinstance(value, NATIVE_CONSTANTS):
            return ast.Constant(value, **place)
        return self.slot(value, place)

    def call(self, function: Callable[..., Any], arguments: Sequence[ast.expr], node: syntax.Node) -> ast.expr:
        """Call a function of the room."""
        place = self.at(node)
        if self.guard is not None:
            function = self.guard(function, node)
        return ast.Call(self.slot(function, place), list(arguments), [], **place)

    def temp(self) -> str:
        """Give a new name for a value in between."""
        self._temps += 1
        return f"t{self._temps}"

    def declare(self, local: Local) -> str:
        """Give the Python name of a name that the formula declares."""
        name = f"v{len(self.locals)}"
        self.locals[local] = name
        self.bound.append(name)
        return name

    # -- statements ----------------------------------------------------------------------------------------------

    @contextmanager
    def block(self) -> Iterator[list[ast.stmt]]:
        """Collect statements apart, for the body of a branch, loop or function."""
        outer, self.statements = self.statements, []
        try:
            yield self.statements
        finally:
            self.statements = outer

    def assign(self, name: str, value: ast.expr, place: Place) -> None:
        """Write `name = value`."""
        self.statements.append(ast.Assign([ast.Name(name, STORE, **place)], value, **place))

    def keep(self, value: ast.expr, place: Place) -> ast.Name:
        """Keep a value under a name, unless it has one already."""
        if isinstance(value, ast.Name):
            return value
        name = self.temp()
        self.assign(name, value, place)
        return ast.Name(name, LOAD, **place)

    # -- null ----------------------------------------------------------------------------------------------------

    def unless_null(
        self,
        node: syntax.Node,
        operands: Sequence[tuple[ast.expr, Type]],
        build: Callable[[list[ast.expr]], ast.expr],
        *,
        is_empty: bool = False,
    ) -> ast.expr:
        """Give null, or the empty list with `is_empty`, when an operand that may be null is; else what `build` makes of the operands."""
        place = self.at(node)
        tests: list[ast.expr] = []
        ready: list[ast.expr] = []
        for value, kind in operands:
            if not kind.optional:
                ready.append(value)
                continue
            if isinstance(value, ast.Name):
                tests.append(is_null(value, place))
                ready.append(value)
                continue
            name = self.temp()
            tests.append(is_null(ast.NamedExpr(ast.Name(name, STORE, **place), value, **place), place))
            ready.append(ast.Name(name, LOAD, **place))
        result = build(ready)
        if not tests:
            return result
        test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests, **place)
        nothing: ast.expr = ast.List([], LOAD, **place) if is_empty else ast.Constant(None, **place)
        return ast.IfExp(test, nothing, result, **place)


def is_null(value: ast.expr, place: Place) -> ast.expr:
    """`value is None`; Python warns of a constant there, so that one is decided at once."""
    if isinstance(value, ast.Constant):
        return ast.Constant(value.value is None, **place)
    return ast.Compare(value, [ast.Is()], [ast.Constant(None, **place)], **place)


def is_constant(value: ast.expr, constant: bool | None, place: Place, *, negated: bool = False) -> ast.expr:  # noqa: FBT001
    """`value is constant`, or `is not`."""
    if isinstance(value, ast.Constant):
        return ast.Constant((value.value is constant) != negated, **place)
    operator: ast.cmpop = ast.IsNot() if negated else ast.Is()
    return ast.Compare(value, [operator], [ast.Constant(constant, **place)], **place)
