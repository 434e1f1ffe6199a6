"""What a condition tells about nulls: in `if sum(xs) != null then … else …`, `sum(xs)` is there after `then`."""

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.free import outside_locals
from microflow_runtime.feel.types import NULL, Type, required

Key = tuple[str, frozenset[int]]
"""What is the same for two parts that always have the same value: their text, and which names of the formula's own they read."""


def key_of(node: syntax.Node, text: str) -> Key:
    """Give the key of a checked part of a formula."""
    return " ".join(text[node.start : node.end].split()), outside_locals(node)


def implied(node: syntax.Node, text: str, *, holds: bool) -> dict[Key, Type]:
    """Give the narrower types of paths that follow when a checked condition is true, or when it is not: false or null."""
    if isinstance(node, syntax.Logic):
        if (node.operator == "and") == holds:
            return implied(node.left, text, holds=holds) | implied(node.right, text, holds=holds)
        return {}
    if isinstance(node, syntax.Comparison):
        return _of_comparison(node, text, holds=holds)
    if (
        isinstance(node, syntax.Call)
        and isinstance(node.callee, syntax.Name)
        and node.callee.name == "not"
        and len(node.arguments) == 1
    ):
        negated = node.arguments[0]
        if not holds and negated.type.optional:  # type: ignore[attr-defined]
            return {}  # what is negated may be null, which tells nothing
        return implied(negated, text, holds=not holds)
    if isinstance(node, syntax.InstanceOf) and holds and node.resolved is not None:
        return {key_of(node.value, text): node.resolved}
    return {}


def implied_unless_false(node: syntax.Node, text: str) -> dict[Key, Type]:
    """Give the narrower types of paths that follow when a checked condition is true or null: then the right side of an `and` counts."""
    if isinstance(node, syntax.Logic) and node.operator == "and":
        return implied_unless_false(node.left, text) | implied_unless_false(node.right, text)
    kind: Type = node.type  # type: ignore[attr-defined]
    return {} if kind.optional else implied(node, text, holds=True)


def _of_comparison(node: syntax.Comparison, text: str, *, holds: bool) -> dict[Key, Type]:
    found: dict[Key, Type] = {}
    for side, other in ((node.left, node.right), (node.right, node.left)):
        kind: Type = side.type  # type: ignore[attr-defined]
        other_kind: Type = other.type  # type: ignore[attr-defined]
        if other_kind is NULL:
            present = (node.operator == "!=") == holds and node.operator in {"=", "!="}
        elif node.operator == "=":
            present = holds and not other_kind.optional
        else:
            # An ordering or `!=` that holds tells of no null only for orderings.
            present = holds and node.operator != "!="
        if present and kind.optional and required(kind) is not kind:
            found[key_of(side, text)] = required(kind)
            found.update(_parents(side, text))
    return found


def _parents(node: syntax.Node, text: str) -> dict[Key, Type]:
    """Narrow the parents of a path: one that is there has parents that are there."""
    found: dict[Key, Type] = {}
    while isinstance(node, syntax.Path | syntax.Filter):
        node = node.source
        kind: Type = node.type  # type: ignore[attr-defined]
        if kind.optional and required(kind) is not kind:
            found[key_of(node, text)] = required(kind)
    return found
