"""What is known of values where a node is reached: which variables, items and fields are surely there.

A tree for each name, as deep as something is known: whether a value is there, whether it is a whole one (all of it as its
Business Object declares) or one that was begun field by field, and what is known of single fields beyond that.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

import msgspec
from msgspec import UNSET

from microflow_runtime.feel import ANY, ContextType, ListType, Type, optional, required
from microflow_runtime.model.business_object import BusinessObject

Path = tuple[str, ...]


class Presence(msgspec.Struct, frozen=True):
    """What is known of one value. A value that is `whole`, if it is there at all, has every field that must be there.

    `parts` are the fields of which more or less is known than that, sorted by name.
    """

    there: bool
    whole: bool = True
    parts: tuple[tuple[str, "Presence"], ...] = ()


THERE: Final = Presence(there=True)
MISSING: Final = Presence(there=False)
UNTOLD: Final = Presence(there=True, parts=(("", MISSING),))
"""Of a value behind a fault, of which nothing is told any more: one fault is enough."""


class Presences:
    """The rules by which presences change and meet, and the types that formulas see by them, of one closure of Business Objects."""

    def __init__(self, definitions: Mapping[str, BusinessObject]) -> None:
        self._defaults = {
            name: frozenset(field.name for field in definition.fields if field.default is not UNSET)
            for name, definition in definitions.items()
        }
        # A type that nobody asked the fields of yet refers to this: the other way round it must not be held.
        self._refined: WeakValueDictionary[tuple[str, Presence], Type] = WeakValueDictionary()

    def written(self, kind: Type, known: Presence, path: Path, *, there: bool) -> Presence:
        """Give what is known when a value of which `there` is told has been put at a path, and parents made on the way."""
        if not path:
            return THERE if there else MISSING
        if known is UNTOLD:
            return known
        made = known if known.there else self.meet(kind, _there(known), Presence(there=True, whole=False))
        name, field = path[0], _field(kind, path[0])
        if field is None:
            return made
        part = self.written(field, self._part(kind, made, name), path[1:], there=there)
        return self._with_part(kind, made, name, part)

    def narrowed(self, kind: Type, known: Presence, path: Path) -> Presence:
        """Give what is known when the end of a path is there, and so all on the way to it."""
        if known is UNTOLD:
            return known
        field = _field(kind, path[0]) if path else None
        if field is None:
            return _there(known)
        part = self.narrowed(field, self._part(kind, known, path[0]), path[1:])
        return self._with_part(kind, _there(known), path[0], part)

    def meet(self, kind: Type, one: Presence, other: Presence) -> Presence:
        """Give what is known where two ways come together."""
        if one == other:
            return one
        if one is UNTOLD or other is UNTOLD:
            return UNTOLD
        met = Presence(there=one.there and other.there, whole=one.whole and other.whole)
        for name in {name for name, _ in (*one.parts, *other.parts)}:
            field = _field(kind, name)
            if field is not None:
                part = self.meet(field, self._part(kind, one, name), self._part(kind, other, name))
                met = self._with_part(kind, met, name, part)
        return met

    def weakened(self, kind: Type, known: Presence, lines: Iterable[tuple[Path, bool]]) -> Presence:
        """Give what is known when lines, of which it is told whether what they write is there, may have run any number of times."""
        lines = tuple(lines)
        while True:
            weaker = known
            for path, there in lines:
                weaker = self.meet(kind, weaker, self.written(kind, weaker, path, there=there))
            if weaker == known:
                return known
            known = weaker

    def type_of(self, kind: Type, known: Presence) -> Type:
        """Give the type that formulas see of a value of a type of which this is known."""
        if type(kind) is ListType:
            return kind
        if known is UNTOLD:
            return ANY
        plain = required(kind)
        if isinstance(plain, ContextType) and not (known.whole and not known.parts):
            plain = self._record(plain, known)
        return plain if known.there else optional(plain)

    def _record(self, kind: ContextType, known: Presence) -> Type:
        inside = Presence(there=True, whole=known.whole, parts=known.parts)
        if kind.name not in self._defaults:
            return ContextType(kind.name, self._fields(kind, inside), open=kind.open)
        found = self._refined.get((kind.name, inside))
        if found is None:
            found = ContextType(kind.name, partial(self._fields, kind, inside))
            self._refined[kind.name, inside] = found
        return found

    def _fields(self, kind: ContextType, known: Presence) -> tuple[tuple[str, Type], ...]:
        return tuple((name, self.type_of(field, self._part(kind, known, name))) for name, field in kind.fields)

    def _part(self, kind: Type, known: Presence, name: str) -> Presence:
        for each, part in known.parts:
            if each == name:
                return part
        return self._implied(kind, known, name)

    def _implied(self, kind: Type, known: Presence, name: str) -> Presence:
        """Give what is known of a field only because its parent is whole, or was only begun: then defaults and lists are there."""
        field = _field(kind, name)
        assert field is not None, "a part is known of a declared field only"
        if known.whole:
            return MISSING if field.optional else THERE
        has_default = name in self._defaults.get(getattr(kind, "name", ""), ())
        return THERE if has_default or type(field) is ListType else MISSING

    def _with_part(self, kind: Type, known: Presence, name: str, part: Presence) -> Presence:
        others = {each: value for each, value in known.parts if each != name}
        if part != self._implied(kind, known, name):
            others[name] = part
        return Presence(there=known.there, whole=known.whole, parts=tuple(sorted(others.items())))


def _there(known: Presence) -> Presence:
    return known if known.there else Presence(there=True, whole=known.whole, parts=known.parts)


def _field(kind: Type, name: str) -> Type | None:
    plain = required(kind)
    return plain.index.get(name) if isinstance(plain, ContextType) else None


class Known:
    """What is known of all names that a node sees, whose declared types are `kinds`; of a name that is not `held` nothing.

    `begun` are the targets that some way to the node has written, but for links that lead back and earlier turns. It never changes; what follows is a new one.
    """

    __slots__ = ("_rules", "begun", "held", "kinds")

    def __init__(
        self, rules: Presences, kinds: Mapping[str, Type], held: Mapping[str, Presence], begun: frozenset[str]
    ) -> None:
        self._rules = rules
        self.kinds = kinds
        self.held = held
        self.begun = begun

    def types(self) -> dict[str, Type]:
        """Give the type of each name as formulas see it."""
        return {name: self._rules.type_of(kind, self.held.get(name, MISSING)) for name, kind in self.kinds.items()}

    def narrowed(self, paths: Iterable[Path]) -> "Known":
        """Give what is known when the ends of these paths are there, as behind a condition."""
        held = dict(self.held)
        for root, *rest in paths:
            if root in self.kinds:
                held[root] = self._rules.narrowed(self.kinds[root], held.get(root, MISSING), tuple(rest))
        return self._with(held)

    def written(self, lines: Mapping[str, bool]) -> "Known":
        """Give what is known behind lines that write: by the target, whether the value that it got is surely there."""
        if not lines:
            return self
        held = dict(self.held)
        for target, there in lines.items():
            root, *rest = target.split(".")
            kind = self.kinds.get(root)
            if kind is not None:
                held[root] = self._rules.written(kind, held.get(root, MISSING), tuple(rest), there=there)
        return self._with(held, begun=lines)

    def weakened(self, targets: Iterable[str], *, is_later: bool = False) -> "Known":
        """Give what is known when these targets may have been written, each any number of times and in any order.

        With `is_later` that is so only when the node is reached once more.
        """
        targets = tuple(dict.fromkeys(targets))
        paths: dict[str, list[tuple[Path, bool]]] = {}
        for target in targets:
            root, *rest = target.split(".")
            if root in self.kinds:
                paths.setdefault(root, []).append((tuple(rest), self.fits_only_what_is_there(target)))
        if not paths:
            return self
        weaker = {
            root: self._rules.weakened(self.kinds[root], self.held.get(root, MISSING), lines)
            for root, lines in paths.items()
        }
        return self._with({**self.held, **weaker}, begun=() if is_later else targets)

    def fits_only_what_is_there(self, target: str) -> bool:
        """Tell whether only a value that is there fits a target, or stands in it."""
        root, *rest = target.split(".")
        kind = self.kinds.get(root)
        for name in rest:
            kind = None if kind is None else _field(kind, name)
        return kind is not None and not kind.optional

    def met(self, other: "Known") -> "Known":
        """Give what is known where two ways come together."""
        held: dict[str, Presence] = {}
        for name, kind in self.kinds.items():
            one, two = self.held.get(name, MISSING), other.held.get(name, MISSING)
            held[name] = one if one is two else self._rules.meet(kind, one, two)
        return self._with(held, begun=other.begun)

    def everything_there(self) -> "Known":
        """Give this with a value for every name."""
        return self._with(dict.fromkeys(self.kinds, THERE), begun=self.kinds)

    def taking(self, other: "Known", roots: Iterable[str]) -> "Known":
        """Give this with what another knows of some names, as behind a branch that wrote them."""
        return self._with({**self.held, **{name: other.held.get(name, MISSING) for name in roots}}, begun=other.begun)

    def untold(self, roots: Iterable[str]) -> "Known":
        """Give this where a fault keeps anything from being known of some names, so that none follows from it."""
        names = [name for name in roots if name in self.kinds]
        return self._with({**self.held, **dict.fromkeys(names, UNTOLD)}, begun=names)

    def inside(self, variables: Mapping[str, Type], items: Mapping[str, Type]) -> "Known":
        """Give what the nodes inside a node know at their start, which see more variables, not written yet, and items."""
        kinds = {**variables, **items}
        there = [name for name, kind in items.items() if not kind.optional]
        return Known(
            self._rules,
            {**self.kinds, **kinds},
            {**self.held, **dict.fromkeys(kinds, MISSING), **dict.fromkeys(there, THERE)},
            self.begun.union(items),
        )

    def is_unwritten(self, path: Path) -> bool:
        """Tell whether nothing has written a value, a part of it or what it is a part of when the node is reached first."""
        kind = self.kinds.get(path[0])
        for name in path[1:]:
            kind = None if kind is None or type(kind) is ListType else _field(kind, name)
        if kind is None or type(kind) is ListType:
            return False
        text = ".".join(path)
        return not any(
            target == text or text.startswith(f"{target}.") or target.startswith(f"{text}.") for target in self.begun
        )

    def _with(self, held: Mapping[str, Presence], *, begun: Iterable[str] = ()) -> "Known":
        more = self.begun.union(begun)
        return Known(self._rules, self.kinds, held, self.begun if more == self.begun else more)

    def outside(self, around: "Known") -> "Known":
        """Give what is known of the names that are seen around a node."""
        return Known(self._rules, around.kinds, self.held, self.begun)
