"""What a condition tells about nulls: in `if sum(xs) != null then … else …`, `sum(xs)` is there after `then`."""

from collections.abc import Iterator

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.bindings import ItemField, Local, PerhapsItemField, ScopeName
from microflow_runtime.feel.check.free import outside_locals
from microflow_runtime.feel.types import ANY, BOOLEAN, NULL, ContextType, Type, required

Key = tuple[str, frozenset[int]]
"""What is the same for two parts that always have the same value: their text, and which names of the formula's own they read."""
_Facts = dict[Key, tuple[syntax.Node, Type]]
"""The parts of which something is known, with the type that they have then."""


def key_of(node: syntax.Node, text: str) -> Key:
    """Give the key of a checked part of a formula."""
    return " ".join(text[node.start : node.end].split()), outside_locals(node)


def implied(node: syntax.Node, text: str, *, holds: bool) -> dict[Key, Type]:
    """Give the narrower types of parts that follow when a checked condition is true, or when it is not: false or null."""
    return {key: kind for key, (_, kind) in _facts(node, text, holds=holds).items()}


def implied_unless_false(node: syntax.Node, text: str) -> dict[Key, Type]:
    """Give the narrower types of paths that follow when a checked condition is true or null: then the right side of an `and` counts."""
    if isinstance(node, syntax.Logic) and node.operator == "and":
        return implied_unless_false(node.left, text) | implied_unless_false(node.right, text)
    kind: Type = node.type  # type: ignore[attr-defined]
    return {} if kind.optional else implied(node, text, holds=True)


def paths_present(node: syntax.Node, text: str, *, holds: bool) -> Iterator[tuple[str, ...]]:
    """Give the paths of the scope that are there when a checked condition is true, or when it is not: false or null."""
    for part, kind in _facts(node, text, holds=holds).values():
        path = _path_from(part, None)
        if path is not None and not kind.optional:
            yield path


def fields_present(node: syntax.Node, text: str, item: Local) -> Iterator[tuple[str, ...]]:
    """Give the paths from the item of a filter on that are there when its checked condition is true; `()` is the item itself."""
    for part, kind in _facts(node, text, holds=True).values():
        path = _path_from(part, item)
        if path is not None and not kind.optional:
            yield path


def with_present(kind: Type, path: tuple[str, ...]) -> Type:
    """Give the type of a value in which the end of a path is there, and so all on the way to it."""
    plain = required(kind)
    if not path or not isinstance(plain, ContextType):
        return plain
    field = plain.index.get(path[0])
    if field is None:
        return plain
    there = with_present(field, path[1:])
    if there is field:
        return plain
    fields = tuple((name, there if name == path[0] else each) for name, each in plain.fields)
    return ContextType(plain.name, fields, open=plain.open)


def path_of(node: syntax.Node) -> tuple[str, ...] | None:
    """Give the path of a part that is nothing but a name of the scope and fields."""
    return _path_from(node, None)


def _path_from(node: syntax.Node, item: Local | None) -> tuple[str, ...] | None:
    """Give the path of a part that is a name of the scope and fields, or the item and fields; None for any other part."""
    if isinstance(node, syntax.Path):
        source: Type = node.source.type  # type: ignore[attr-defined]
        start = _path_from(node.source, item)
        return None if start is None or not isinstance(required(source), ContextType) else (*start, node.name)
    binding = node.binding if isinstance(node, syntax.Name) else None
    if item is None:
        return (binding.name,) if isinstance(binding, ScopeName) else None
    if isinstance(binding, ItemField) and binding.item is item:
        return (binding.name,)
    return () if binding is item else None


def value_of(node: syntax.Node) -> tuple[object, ...] | None:
    """Give what is the same for two names or paths that are the same value, however they are spelled; None for any other part."""
    if isinstance(node, syntax.Path):
        source = value_of(node.source)
        return None if source is None else (*source, node.name)
    binding = node.binding if isinstance(node, syntax.Name) else None
    if isinstance(binding, ScopeName):
        return ("scope", binding.name)
    if isinstance(binding, ItemField | PerhapsItemField):
        return ("local", id(binding.item), binding.name)
    return ("local", id(binding)) if isinstance(binding, Local) else None


def _facts(node: syntax.Node, text: str, *, holds: bool) -> _Facts:
    if isinstance(node, syntax.Logic):
        left, right = _facts(node.left, text, holds=holds), _facts(node.right, text, holds=holds)
        if (node.operator == "and") == holds:
            return left | right
        return {key: fact for key, fact in left.items() if key in right and right[key][1] == fact[1]}
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
        return _facts(negated, text, holds=not holds)
    if not holds:
        return {}
    if isinstance(node, syntax.InstanceOf) and node.resolved is not None:
        return {key_of(node.value, text): (node.value, node.resolved)}
    if isinstance(node, syntax.Between):
        return _there(node.value, text) | _there(node.low, text) | _there(node.high, text)
    if isinstance(node, syntax.Name | syntax.Path) and required(node.type) is BOOLEAN:
        return _there(node, text)
    return {}


def _of_comparison(node: syntax.Comparison, text: str, *, holds: bool) -> _Facts:
    found: _Facts = {}
    for side, other in ((node.left, node.right), (node.right, node.left)):
        other_kind: Type = other.type  # type: ignore[attr-defined]
        if other_kind is NULL:
            present = (node.operator == "!=") == holds and node.operator in {"=", "!="}
        elif node.operator == "=":
            present = holds and not other_kind.optional
        else:
            # An ordering or `!=` that holds tells of no null only for orderings.
            present = holds and node.operator != "!="
        if present:
            found.update(_there(side, text))
    return found


def _there(node: syntax.Node, text: str) -> _Facts:
    """Tell that a part is there, and with it the parents of a path and the operands of a sum: they would make it null."""
    found: _Facts = {}
    waiting = [node]
    while waiting:
        part = waiting.pop()
        kind: Type = part.type  # type: ignore[attr-defined]
        if not kind.optional:
            continue  # an empty list of a missing parent is there, too
        if required(kind) is not kind:
            found[key_of(part, text)] = (part, required(kind))
        if isinstance(part, syntax.Path) or (isinstance(part, syntax.Filter) and part.type is not ANY):
            waiting.append(part.source)
        elif isinstance(part, syntax.Binary):
            waiting += [part.left, part.right]
        elif isinstance(part, syntax.Negate):
            waiting.append(part.operand)
    return found
