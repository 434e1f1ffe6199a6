"""What is known of the values that a formula gives, beyond its type: what the fields that it names are declared to hold."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from microflow_runtime.compiler.decisions.axes import NO_FACTS, Facts
from microflow_runtime.feel import ContextType, Date, Formula, ListType, Type, origin_of, required, syntax
from microflow_runtime.model.business_object import BusinessObject, Field

Paths = tuple[tuple[str, ...], ...]

_COUNTING: Final = frozenset({"count", "string length"})
"""Functions that give whole numbers from 0 on."""
_FIRST_DAY: Final = Date(1, 1, 1)
_LAST_DAY: Final = Date(9999, 12, 31)


def facts_of(formula: Formula, scope: Mapping[str, Type], definitions: Mapping[str, BusinessObject]) -> Facts:
    """Tell what a formula over this scope gives: what a field holds when it is nothing but a path to one."""
    tree = formula.tree
    if isinstance(tree, syntax.Call) and isinstance(tree.callee, syntax.Name) and tree.callee.name in _COUNTING:
        return Facts(whole=True, least=Decimal(0))
    origin = origin_of(formula)
    if not origin.is_path or isinstance(required(formula.type), ListType):
        return NO_FACTS
    return facts_of_path(origin.paths[0], scope, definitions)


def facts_of_path(path: tuple[str, ...], scope: Mapping[str, Type], definitions: Mapping[str, BusinessObject]) -> Facts:
    """Tell what the field at the end of a path holds."""
    kind, field = scope.get(path[0]), None
    for name in path[1:]:
        plain = required(kind) if kind is not None else None
        while type(plain) is ListType:
            plain = required(plain.item)
        if not isinstance(plain, ContextType) or plain.name not in definitions:
            return NO_FACTS
        field = next((each for each in definitions[plain.name].fields if each.name == name), None)
        kind = plain.index.get(name)
    return NO_FACTS if field is None or field.type.is_list else _facts_of_field(field)


def _facts_of_field(field: Field) -> Facts:
    kind = field.type.name
    if kind in {"integer", "decimal"}:
        least = Decimal(field.minimum) if field.minimum is not None else None
        most = Decimal(field.maximum) if field.maximum is not None else None
        only = tuple(map(Decimal, field.one_of)) or None
        return Facts(whole=kind == "integer", least=least, most=most, only=only)
    if kind == "date":
        return Facts(least=_FIRST_DAY, most=_LAST_DAY)
    return Facts(only=tuple(field.one_of)) if kind == "string" and field.one_of else NO_FACTS


def are_independent(paths: list[Paths]) -> bool:
    """Tell whether no two of these formulas, given by the paths that each reads, read the same value or a part of it."""
    seen: list[tuple[int, tuple[str, ...]]] = [(index, path) for index, each in enumerate(paths) for path in each]
    return not any(
        first != second and path[: len(other)] == other[: len(path)] for first, path in seen for second, other in seen
    )
