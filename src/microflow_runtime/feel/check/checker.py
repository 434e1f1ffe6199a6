"""Finds the type of every part of a formula, binds its names, and notes every fault."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from rapidfuzz import fuzz, process

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.bindings import FunctionName, ItemField, Local, PerhapsItemField, ScopeName
from microflow_runtime.feel.check.narrowing import Key, key_of
from microflow_runtime.feel.faults import FormulaFault
from microflow_runtime.feel.functions.table import BUILT_INS
from microflow_runtime.feel.types import (
    ANY,
    ANY_FUNCTION,
    ContextType,
    Type,
    is_declared_list,
    note_read,
    optional,
    required,
)

Handler = Callable[["Checker", Any], Type]


class ItemFrame:
    """Marks that names are looked up in the fields of an item first."""

    __slots__ = ("item",)

    def __init__(self, item: Local) -> None:
        self.item = item


class Checker:
    """One check of one formula, whose text tells equal parts apart. With `lenient`, nothing is known of types and no fault is noted: only names are bound."""

    def __init__(
        self,
        scope: Mapping[str, Type],
        types: Mapping[str, Type],
        handlers: Mapping[type, Handler],
        *,
        text: str = "",
        lenient: bool = False,
    ) -> None:
        self.text = text
        self.scope = scope
        self.types = types
        self.handlers = handlers
        self.lenient = lenient
        self.faults: list[FormulaFault] = []
        self.frames: list[dict[str, Local] | ItemFrame] = []
        self.narrowed: dict[Key, Type] = {}
        self.used: set[str] = set()
        self.built_in_names: set[str] = set()
        self.function_depth = 0

    def of(self, node: syntax.Node) -> Type:
        """Check a part, and give its type."""
        kind = self.handlers[type(node)](self, node)
        if self.lenient:
            kind = ANY
        elif self.narrowed and kind.optional:
            kind = self.narrowed.get(key_of(node, self.text), kind)
        node.type = kind  # type: ignore[attr-defined]
        return kind

    def fault(self, code: str, node: Any, message: str, **more: Any) -> None:
        """Note a fault at the place of a node."""
        if not self.lenient:
            self.faults.append(FormulaFault(code=code, message=message, start=node.start, end=node.end, **more))

    @contextmanager
    def frame(self, *frames: "dict[str, Local] | ItemFrame"):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """Hold names in sight for a while."""
        self.frames.extend(frames)
        try:
            yield
        finally:
            del self.frames[len(self.frames) - len(frames) :]

    def local(self, name: str, kind: Type) -> Local:
        """Declare a name of the formula's own."""
        return Local(name, ANY if self.lenient else kind, self.function_depth)

    def find(self, name: str) -> tuple[Any, Type] | None:
        """Find what a name means here: its binding and its type."""
        perhaps: list[Local] = []
        found: tuple[Any, Type] | None = None
        for frame in reversed(self.frames):
            if type(frame) is dict:
                local = frame.get(name)
                if local is not None:
                    local.used = True
                    found = (local, local.type)
                    break
            elif isinstance(frame, ItemFrame):
                kind = required(frame.item.type)
                if isinstance(kind, ContextType):
                    field = kind.index.get(name)
                    if field is not None:
                        frame.item.used = True
                        return self._perhaps(
                            perhaps,
                            name,
                            (
                                ItemField(frame.item, name),
                                optional(field)
                                if frame.item.type.optional and not is_declared_list(kind, field)
                                else field,
                            ),
                        )
                if kind is ANY or (isinstance(kind, ContextType) and kind.open):
                    perhaps.append(frame.item)
        if found is None:
            found = self._find_outside(name)
        return self._perhaps(perhaps, name, found)

    def _find_outside(self, name: str) -> tuple[Any, Type] | None:
        kind = self.scope.get(name)
        if kind is not None:
            self.used.add(name)
            return ScopeName(name), kind
        function = BUILT_INS.get(name)
        self.built_in_names.add(name)
        return None if function is None else (FunctionName(function), ANY_FUNCTION)

    def _perhaps(self, items: list[Local], name: str, found: tuple[Any, Type] | None) -> tuple[Any, Type] | None:
        if found is None and len(items) == 1:
            note_read(required(items[0].type), name)
        for item in reversed(items):
            item.used = True
            found = (PerhapsItemField(item, name, found[0] if found else None), ANY)
        return found

    def is_hidden(self, name: str) -> bool:
        """Tell whether a name stands for a field of an item here and means something else outside the filter."""
        found = False
        for frame in reversed(self.frames):
            if isinstance(frame, ItemFrame):
                kind = required(frame.item.type)
                found = found or kind is ANY or (isinstance(kind, ContextType) and (kind.open or name in kind.index))
            elif found and name in frame:
                return True
        return found and name in self.scope

    def visible(self) -> list[str]:
        """List every name in sight once, for a suggestion."""
        names = list(self.scope)
        for frame in self.frames:
            if isinstance(frame, ItemFrame):
                kind = required(frame.item.type)
                if isinstance(kind, ContextType):
                    names.extend(kind.index)
            else:
                names.extend(frame)
        return list(dict.fromkeys(names))

    @contextmanager
    def narrow(self, known: Mapping[Key, Type]):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """Hold for a while that some paths have narrower types, as after a test for null."""
        if not known:
            yield
            return
        before = self.narrowed
        self.narrowed = {**before, **known}
        try:
            yield
        finally:
            self.narrowed = before


_LEAST_LIKENESS: Final = 62


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Give the name most like a misspelled one, or None where none is like it."""
    choices: Sequence[str] = list(names)
    lowered = name.casefold()
    for choice in choices:
        if choice.casefold() == lowered:
            return choice
    found = process.extractOne(name, choices, scorer=fuzz.ratio, score_cutoff=_LEAST_LIKENESS)
    return None if found is None else str(found[0])


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Give the help of a fault about an unknown name."""
    found = nearest(name, names)
    return f"did you mean `{found}`?" if found else ""
