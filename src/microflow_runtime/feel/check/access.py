"""Checks names, paths and filters."""

from collections.abc import Iterable
from typing import Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.access import properties_of
from microflow_runtime.feel.check.checker import Checker, ItemFrame, did_you_mean
from microflow_runtime.feel.check.narrowing import fields_present, with_present
from microflow_runtime.feel.faults import NOT_BOOLEAN, UNKNOWN_FIELD, UNKNOWN_NAME
from microflow_runtime.feel.functions.table import BUILT_INS
from microflow_runtime.feel.types import (
    ANY,
    BOOLEAN,
    DAYS_DURATION,
    DURATION,
    MONTHS_DURATION,
    NULL,
    NUMBER,
    ContextType,
    ListType,
    Type,
    is_declared_list,
    note_read,
    optional,
    required,
)

_EITHER_DURATION: Final = (properties_of(DAYS_DURATION) or {}) | (properties_of(MONTHS_DURATION) or {})


def literal(_checker: Checker, node: syntax.Literal) -> Type:
    """Give the type of a constant, which it knows."""
    return node.type


def name(checker: Checker, node: syntax.Name) -> Type:
    """Bind a name."""
    found = checker.find(node.name)
    if found is None:
        names = checker.visible()
        help_text = did_you_mean(node.name, names) or did_you_mean(node.name, BUILT_INS)
        shown = ", ".join(sorted(names)[:8]) + (", …" if len(names) > 8 else "")
        checker.fault(
            UNKNOWN_NAME, node, f"there is no `{node.name}` here", expected=shown, found=node.name, help=help_text
        )
        return ANY
    node.binding, kind = found
    return kind


def path(checker: Checker, node: syntax.Path) -> Type:
    """`source.name`."""
    return field_type(checker, node, checker.of(node.source))


def field_type(checker: Checker, node: syntax.Path, source: Type, *, has_lists: bool = True) -> Type:
    """Give the type of a field read from a source of this type.

    With `has_lists` a declared list of a missing record is empty; not where what is read is found out as it runs.
    """
    plain = required(source)
    if plain is ANY or plain is NULL:
        return plain
    if isinstance(plain, ContextType):
        field = plain.index.get(node.name)
        if field is None:
            if plain.open:
                note_read(plain, node.name)
                return ANY
            _unknown_field(checker, node, plain, plain.index)
            return ANY
        is_there = not source.optional or (has_lists and is_declared_list(plain, field))
        return field if is_there else optional(field)
    if type(plain) is ListType:
        item = required(plain.item)
        one_by_one = isinstance(item, ContextType) and not item.open and not source.optional
        inner = field_type(checker, node, plain.item, has_lists=has_lists and one_by_one)
        listed = ListType(inner)
        return optional(listed) if source.optional else listed
    parts = _EITHER_DURATION if plain is DURATION else properties_of(plain)
    if parts is None or node.name not in parts:
        _unknown_field(checker, node, plain, parts or {})
        return ANY
    found = parts[node.name][1]
    return optional(found) if source.optional else found


def _unknown_field(checker: Checker, node: syntax.Path, kind: Type, names: Iterable[str]) -> None:
    place = syntax.Node(max(node.source.end, node.end - len(node.name)), node.end)
    message = f"{kind} has no field `{node.name}`" if names else f"{kind} has no fields"
    help_text = did_you_mean(node.name, names)
    checker.fault(UNKNOWN_FIELD, place, message, expected=", ".join(names), found=node.name, help=help_text)


def filter_(checker: Checker, node: syntax.Filter) -> Type:
    """`source[condition]`."""
    source = checker.of(node.source)
    plain = required(source)
    item = plain.item if type(plain) is ListType else source if plain is ANY else plain
    node.item = checker.local("item", item)
    with checker.frame({"item": node.item}, ItemFrame(node.item)):
        condition = checker.of(node.condition)
    wanted = required(condition)
    if wanted is NUMBER:
        return ANY if plain is ANY else optional(item)
    if wanted is BOOLEAN:
        if not checker.lenient:
            for path in fields_present(node.condition, checker.text, node.item):
                item = with_present(item, path)
        listed = ListType(item)
        return optional(listed) if source.optional else listed
    if wanted not in {ANY, NULL}:
        checker.fault(
            NOT_BOOLEAN, node.condition, f"a filter takes a condition or a position, not {condition}",
            expected="boolean or number", found=str(condition), help="compare a field of the item with something",
        )  # fmt: skip
    return ANY
