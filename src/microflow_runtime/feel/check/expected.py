"""Checks that a formula gives what is wanted where it stands, and finds the innermost part to blame."""

from collections.abc import Iterable

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.checker import Checker, did_you_mean
from microflow_runtime.feel.faults import MAYBE_MISSING, UNKNOWN_FIELD, WRONG_RESULT
from microflow_runtime.feel.types import ANY, NULL, ContextType, ListType, Type, is_assignable, required


def expect(checker: Checker, node: syntax.Node, wanted: Type, text: str) -> None:
    """Note a fault for each part of a checked formula that does not fit the wanted type."""
    kind: Type = node.type  # type: ignore[attr-defined]
    if isinstance(node, syntax.If):
        expect(checker, node.then, wanted, text)
        expect(checker, node.otherwise, wanted, text)
    elif isinstance(node, syntax.Context) and isinstance(wanted, ContextType):
        _expect_fields(checker, node, wanted, text)
    elif isinstance(node, syntax.List) and type(wanted) is ListType:
        for item in node.items:
            expect(checker, item, wanted.item, text)
    elif not is_assignable(kind, wanted):
        _misfit(checker, node, kind, wanted, text)


def _expect_fields(checker: Checker, node: syntax.Context, wanted: ContextType, text: str) -> None:
    given = {entry.name for entry in node.entries}
    for entry in node.entries:
        field = wanted.index.get(entry.name)
        if field is not None:
            expect(checker, entry.value, field, text)
        elif not wanted.open:
            message = f"{wanted} has no field `{entry.name}`"
            checker.fault(
                UNKNOWN_FIELD,
                entry,
                message,
                expected=", ".join(wanted.index),
                found=entry.name,
                help=did_you_mean(entry.name, wanted.index),
            )
    for name, field in wanted.fields:
        if name not in given and not field.optional and type(field) is not ListType:
            checker.fault(
                MAYBE_MISSING,
                node,
                f"the field `{name}` of {wanted} is required and is not set",
                expected=f"{name}: {field}",
            )


def _misfit(checker: Checker, node: syntax.Node, kind: Type, wanted: Type, text: str) -> None:
    if is_assignable(required(kind), wanted) and kind is not NULL:
        missing = _missing_part(node)
        part = text[missing.start : missing.end]
        whole = text[node.start : node.end]
        simple = len(part) <= 30 and "\n" not in part
        shown = whole if len(whole) <= 60 and "\n" not in whole else "…"
        remedy = (
            f"write `if {part} != null then {shown} else …`"
            if simple
            else "say with `if … != null then … else …` what holds then"
        )
        what = "the value" if missing is node or not simple else f"`{part}`"
        because = "" if missing is node else ", so the formula may give null"
        checker.fault(
            MAYBE_MISSING, node, f"{what} may be missing{because}, and {wanted} is required here", expected=str(wanted), found=str(kind),
            help=f"{remedy}, or let it be missing where it goes",
        )  # fmt: skip
        return
    if kind is NULL:
        checker.fault(
            MAYBE_MISSING, node, f"null cannot stand here, {wanted} is required", expected=str(wanted), found="null"
        )
        return
    path, have, need = _deepest(kind, wanted)
    where = f", in `{path}`: {have} instead of {need}" if path else ""
    help_text = (
        "take one item of the list, as in `list[1]`"
        if type(required(kind)) is ListType and type(required(wanted)) is not ListType
        else ""
    )
    checker.fault(
        WRONG_RESULT, node, f"the formula gives {kind}, and {wanted} is wanted here{where}", expected=str(wanted), found=str(kind), help=help_text,
    )  # fmt: skip


def _missing_part(node: syntax.Node) -> syntax.Node:
    """Find the innermost part that may be missing by itself, not because one inside it may."""
    for inner in _null_makers(node):
        kind: Type = inner.type  # type: ignore[attr-defined]
        if kind.optional and kind is not ANY:
            return _missing_part(inner)
    return node


def _null_makers(node: syntax.Node) -> Iterable[syntax.Node]:
    """Give the parts of which a null makes the whole null."""
    if isinstance(node, syntax.Path | syntax.Filter):
        return (node.source,)
    if isinstance(node, syntax.Binary | syntax.Comparison):
        return (
            (node.left, node.right)
            if not isinstance(node, syntax.Comparison) or node.operator not in {"=", "!="}
            else ()
        )
    if isinstance(node, syntax.Negate):
        return (node.operand,)
    if isinstance(node, syntax.For | syntax.Quantified):
        return [iterator.source for iterator in node.iterators]
    if isinstance(node, syntax.Call) and node.resolved is not None and node.resolved.signature is not None:
        parameters = node.resolved.signature.parameters
        last = len(parameters) - 1
        return [each for at, each in enumerate(node.resolved.arguments) if not parameters[min(at, last)].takes_null]
    return ()


def _deepest(kind: Type, wanted: Type, depth: int = 0) -> tuple[str, Type, Type]:
    """Find the first field that does not fit, as a path."""
    a, b = required(kind), required(wanted)
    if depth < 8 and isinstance(a, ContextType) and isinstance(b, ContextType):
        for name, field in b.fields:
            have = a.index.get(name, NULL)
            if not is_assignable(have, field):
                path, inner_have, inner_need = _deepest(have, field, depth + 1)
                return (f"{name}.{path}" if path else name), inner_have, inner_need
    if depth < 8 and type(a) is ListType and type(b) is ListType and not is_assignable(a.item, b.item):
        path, inner_have, inner_need = _deepest(a.item, b.item, depth + 1)
        return path, inner_have, inner_need
    return "", kind, wanted
