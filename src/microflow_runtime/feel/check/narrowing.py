"""What a condition tells about the nulls of paths: in `if a.b != null then … else …`, `a.b` is there after `then`."""

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.bindings import ItemField, Local, ScopeName
from microflow_runtime.feel.types import NULL, Type, required


def key_of(node: syntax.Node) -> str | None:
    """Give a text that is the same for the same path of bound names, or None for any other expression."""
    if isinstance(node, syntax.Name):
        binding = node.binding
        if isinstance(binding, ScopeName):
            return binding.name
        if isinstance(binding, Local):
            return f"{binding.name}#{id(binding)}"
        return f"#{id(binding.item)}\0{binding.name}" if isinstance(binding, ItemField) else None
    if isinstance(node, syntax.Path):
        source = key_of(node.source)
        return None if source is None else f"{source}\0{node.name}"
    return None


def implied(node: syntax.Node, *, holds: bool) -> dict[str, Type]:
    """Give the narrower types of paths that follow when a checked condition holds, or when it does not."""
    if isinstance(node, syntax.Logic):
        if (node.operator == "and") == holds:
            return implied(node.left, holds=holds) | implied(node.right, holds=holds)
        return {}
    if isinstance(node, syntax.Comparison):
        return _of_comparison(node, holds=holds)
    if (
        isinstance(node, syntax.Call)
        and isinstance(node.callee, syntax.Name)
        and node.callee.name == "not"
        and len(node.arguments) == 1
    ):
        return implied(node.arguments[0], holds=not holds)
    if isinstance(node, syntax.InstanceOf) and holds and node.resolved is not None:
        key = key_of(node.value)
        return {} if key is None else {key: node.resolved}
    return {}


def _of_comparison(node: syntax.Comparison, *, holds: bool) -> dict[str, Type]:
    found: dict[str, Type] = {}
    for side, other in ((node.left, node.right), (node.right, node.left)):
        key = key_of(side)
        if key is None:
            continue
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
            found[key] = required(kind)
            found.update(_parents(side))
    return found


def _parents(node: syntax.Node) -> dict[str, Type]:
    """Narrow the parents of a path: one that is there has parents that are there."""
    found: dict[str, Type] = {}
    while isinstance(node, syntax.Path):
        node = node.source
        key = key_of(node)
        kind: Type = node.type  # type: ignore[attr-defined]
        if key is not None and kind.optional and required(kind) is not kind:
            found[key] = required(kind)
    return found
