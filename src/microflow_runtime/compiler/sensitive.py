"""Which formulas of a flow read what is `sensitive`, and which plain variables hold what formulas made of it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from microflow_runtime.compiler.business_objects import BoClass, holders_of
from microflow_runtime.compiler.formulas import Computed
from microflow_runtime.compiler.mapping import Assignment
from microflow_runtime.compiler.plan import Frame, Sensitive
from microflow_runtime.feel import ContextType, ListType, Type, origin_of

Scope = Mapping[str, Type]
Path = tuple[str, ...]


class Read(msgspec.Struct, frozen=True):
    """A formula of a node with the scope that it was checked in, and where it is assigned to, if it is.

    `given` are the names that the node itself gives, which the formula sees first.
    """

    value: Computed
    scope: Scope
    target: Assignment | None = None
    given: frozenset[str] = frozenset()


class ReadsOfNode:
    """What the formulas of one node read and write, noted while the node is checked. `items` are names that it gives to nodes inside it."""

    def __init__(self) -> None:
        self.reads: list[Read] = []
        self.items: dict[str, Type] = {}

    def note(self, value: Computed, scope: Scope) -> None:
        """Note a formula."""
        self.reads.append(Read(value, scope))

    def note_all(self, assignments: Iterable[Assignment], scope: Scope, given: Collection[str] = ()) -> None:
        """Note the lines of a mapping."""
        self.reads.extend(Read(each.value, scope, each, frozenset(given)) for each in assignments)


class SensitiveReads:
    """The formulas of one flow that read sensitive values, directly or by way of variables. Nothing is looked at where no field is sensitive."""

    def __init__(self, nodes: Iterable[ReadsOfNode], classes: Mapping[str, BoClass], places: Mapping[str, int]) -> None:
        self._classes = classes
        self._places = places
        self._holders = holders_of(classes)
        self.paths: set[Path] = set()
        """The paths of variables that hold what formulas made of sensitive values, where their types do not tell."""
        if self._holders:
            known = list(nodes)
            while self._spread(known):
                pass

    def of_node(self, node: ReadsOfNode) -> Sensitive | None:
        """Give what is sensitive of a node; None where nothing is."""
        if not self._holders:
            return None
        formulas = [read for read in node.reads if read.value.formula is not None]
        telling = [read for read in formulas if self._tells(read)]
        if not telling:
            return None
        plain = frozenset(read.value.text for read in formulas) - frozenset(read.value.text for read in telling)
        return Sensitive(tuple(self._bound(telling)), plain)

    def _bound(self, reads: list[Read]) -> Iterator[Callable[[Frame], Any]]:
        """Bind the formulas whose names all have a place in the frame: what looks at records one by one has its own."""
        for read in reads:
            places = {**self._places, **{name: self._places[f"={name}"] for name in read.given}}
            if all(name in places for name in read.value.names) and not self._is_told_by_path(read):
                yield read.value.bind(places)

    def _is_told_by_path(self, read: Read) -> bool:
        """Tell whether a formula is a path to a Business Object, whose fields say themselves which are sensitive."""
        formula = read.value.formula
        return formula is not None and origin_of(formula).is_path and any(_objects_in(read.value.type))

    def _spread(self, nodes: list[ReadsOfNode]) -> bool:
        """Add the targets of formulas that read what is sensitive; tell whether there were new ones."""
        before = len(self.paths)
        for node in nodes:
            telling = [read for read in node.reads if read.value.formula is not None and self._tells(read)]
            for read in telling:
                if read.target is not None and not self._is_told_by_type(read.value.type, read.target.target.type):
                    self.paths.add((read.target.target.root, *read.target.target.fields))
            if telling:
                self.paths |= {(name,) for name, kind in node.items.items() if not self._holder_in(kind)}
        return len(self.paths) > before

    def _tells(self, read: Read) -> bool:
        formula = read.value.formula
        return formula is not None and any(self._reaches(path, read.scope) for path in origin_of(formula).paths)

    def _reaches(self, path: Path, scope: Scope) -> bool:
        """Tell whether a path leads to, through or above something sensitive."""
        if any(path[: len(known)] == known or known[: len(path)] == path for known in self.paths):
            return True
        kind = _single(scope.get(path[0]))
        for name in path[1:]:
            if not isinstance(kind, ContextType):
                return False
            if self._is_sensitive(kind.name, name):
                return True
            kind = _single(kind.index.get(name))
        return self._holder_in(kind)

    def _is_sensitive(self, object_name: str, field_name: str) -> bool:
        bo_class = self._classes.get(object_name)
        return bo_class is not None and any(
            field.sensitive for field in bo_class.definition.fields if field.name == field_name
        )

    def _holder_in(self, kind: Type | None) -> bool:
        """Tell whether values of a type hold a sensitive field."""
        return any(name in self._holders for name in _objects_in(kind))

    def _is_told_by_type(self, given: Type, taken: Type) -> bool:
        """Tell whether the target's own type says which of its fields are sensitive, as the value's does."""
        names = set(_objects_in(given))
        return bool(names) and names == set(_objects_in(taken))


def _single(kind: Type | None) -> Type | None:
    while isinstance(kind, ListType):
        kind = kind.item
    return kind


def _objects_in(kind: Type | None, depth: int = 0) -> Iterator[str]:
    """Give the names of the Business Objects that a type is made of, through lists and contexts without a name."""
    kind = _single(kind)
    if not isinstance(kind, ContextType) or depth > 4:
        return
    if kind.name:
        yield kind.name
    else:
        for field in kind.index.values():
            yield from _objects_in(field, depth + 1)
