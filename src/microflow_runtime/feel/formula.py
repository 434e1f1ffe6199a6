"""Checking a formula against the types of its scope, and binding it to the frame of an execution."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check import HANDLERS as CHECKS
from microflow_runtime.feel.check import Checker, narrowing, operands
from microflow_runtime.feel.check.expected import expect
from microflow_runtime.feel.emit import HANDLERS as EMITTERS
from microflow_runtime.feel.emit import Emitter, build, compile_function
from microflow_runtime.feel.faults import TOO_LARGE, FormulaFault, FormulaFaults
from microflow_runtime.feel.functions.table import BUILT_INS
from microflow_runtime.feel.lexer import SyntaxFault
from microflow_runtime.feel.names import Patterns, add_names, field_names
from microflow_runtime.feel.parse import parse
from microflow_runtime.feel.translate import translator
from microflow_runtime.feel.types import Type
from microflow_runtime.feel.values import Value

Bound = Callable[[Sequence[Value]], Value]

_REMEMBERED: Final = 2_048
_VARIANTS: Final = 4
"""So many kinds of scope are remembered for one text: thousands of flows may have the text over records of their own."""
_NO_TYPES: Final[Mapping[str, Type]] = {}


class Formula(msgspec.Struct, frozen=True):
    """A formula that was checked. Equal formulas over equal types are one object.

    `type` is that of its result. `names` are the names of the scope that it reads, sorted. `warnings` are faults that
    do not keep it from running.
    """

    text: str
    type: Type
    names: tuple[str, ...]
    warnings: tuple[FormulaFault, ...]
    tree: syntax.Node
    bound: dict[tuple[int, ...], Bound]
    explained: list[Any] = []

    def bind(self, layout: Mapping[str, int]) -> Bound:
        """Give the Python function that computes the formula from a frame: `layout` tells each name's place in it.

        The same places give the same function. It raises FeelError where an operation fails, FeelLimitError where a
        limit is passed. The caller has set `NUMBER_CONTEXT`, and the deadline and clock if it wants any.
        """
        places = tuple(layout[name] for name in self.names)
        function = self.bound.get(places)
        if function is None:
            emitter = Emitter(EMITTERS, layout)
            module = build(emitter, self.tree, translator(self.text, self.tree))
            function = self.bound[places] = compile_function(emitter, module)
        return function


class _Known(msgspec.Struct):
    """A formula checked before, with all that its check depended on."""

    used: tuple[tuple[str, Type | None], ...]
    types: Mapping[str, Type]
    specials: frozenset[str]
    formula: Formula


_known: Final[dict[tuple[str, bool], list[_Known]]] = {}


def check(
    text: str,
    scope: Mapping[str, Type],
    *,
    expected: Type | None = None,
    unary: bool = False,
    types: Mapping[str, Type] = _NO_TYPES,
) -> Formula:
    """Read and check a formula.

    `scope` gives the type of each name it may use, `types` the named types that `instance of` may name, `expected` the
    type that its result has to fit. `unary` reads unary tests (`< 10, > 20`) over the name `?` of the scope.

    Raises FormulaFaults with everything found wrong; a text that is no formula gives one fault.
    """
    specials = _specials(scope, text)
    known = _find(text, scope, types, specials, unary=unary)
    if known is not None and (expected is None or known.type is expected):
        return known
    try:
        return _check(text, scope, expected, types, specials, unary=unary)
    except SyntaxFault as stop:
        raise FormulaFaults(text, (stop.fault,)) from stop
    except RecursionError as error:
        fault = FormulaFault(code=TOO_LARGE, message="the formula nests too deeply", start=0, end=len(text))
        raise FormulaFaults(text, (fault,)) from error


def _check(
    text: str,
    scope: Mapping[str, Type],
    expected: Type | None,
    types: Mapping[str, Type],
    specials: frozenset[str],
    *,
    unary: bool,
) -> Formula:
    tree, faults = parse(text, patterns_of(specials), unary=unary)
    checker = Checker(scope, types, CHECKS, text=text)
    kind = checker.of(tree)
    if expected is not None:
        expect(checker, tree, expected, text)
    found = sorted({*faults, *checker.faults}, key=lambda fault: (fault.start, fault.end, fault.code))
    if any(fault.is_error for fault in found):
        raise FormulaFaults(text, tuple(found))
    formula = Formula(text, kind, tuple(sorted(checker.used)), tuple(found), tree, {})
    if len(_known) >= _REMEMBERED:
        _known.pop(next(iter(_known)))
    asked = checker.used | checker.built_in_names
    used = tuple((name, scope.get(name)) for name in asked)
    variants = _known.setdefault((text, unary), [])
    if len(variants) >= _VARIANTS:
        variants.pop(0)
    variants.append(_Known(used, dict(types), specials, formula))
    return formula


def _find(
    text: str, scope: Mapping[str, Type], types: Mapping[str, Type], specials: frozenset[str], *, unary: bool
) -> Formula | None:
    for known in _known.get((text, unary), ()):
        if (
            known.specials == specials
            and known.types == types
            and all(scope.get(name) == kind for name, kind in known.used)
        ):
            return known.formula
    return None


def paths_present(formula: Formula, *, holds: bool) -> Iterator[tuple[str, ...]]:
    """Give the paths of the scope that are there when a condition is true, or when it is not: false or null."""
    return narrowing.paths_present(formula.tree, formula.text, holds=holds)


def paths_computed_with(formula: Formula) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Give the paths of the scope that may be null and make a part of the formula null, with their offsets."""
    return operands.paths_computed_with(formula.tree)


def _specials(scope: Mapping[str, Type], text: str) -> frozenset[str]:
    """Give the names of several words that the scope knows, its own and those of fields, and that the text could hold."""
    found: frozenset[str] = frozenset(name for name in scope if not name.isidentifier())
    for kind in scope.values():
        fields = field_names(kind)
        if fields:
            found |= fields
    return frozenset(name for name in found if _first_word(name) in text) if found else found


@lru_cache(maxsize=4096)
def _first_word(name: str) -> str:
    return (name.split(maxsplit=1) or [""])[0]


def _built_in_patterns() -> Patterns:
    patterns: Patterns = {}
    add_names(patterns, BUILT_INS)
    add_names(patterns, ("time offset", "start included", "end included"))
    return patterns


_BUILT_IN_PATTERNS: Final = _built_in_patterns()


@lru_cache(maxsize=1024)
def patterns_of(specials: frozenset[str]) -> Patterns:
    """Give the patterns of the built-in functions' names and of these."""
    if not specials:
        return _BUILT_IN_PATTERNS
    patterns = {first: list(row) for first, row in _BUILT_IN_PATTERNS.items()}
    add_names(patterns, specials)
    return patterns
