"""The types of a DMN file: its own names for FEEL's, and its item definitions with their allowed values."""

from collections.abc import Mapping
from typing import Final

import msgspec

from microflow_runtime.compiler.decisions.dmn.document import Element
from microflow_runtime.compiler.decisions.table import Entry
from microflow_runtime.compiler.faults import FaultList, Path, did_you_mean
from microflow_runtime.feel import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DAYS_DURATION,
    MONTHS_DURATION,
    NUMBER,
    STRING,
    TIME,
    ContextType,
    FunctionType,
    ListType,
    Type,
    optional,
)

BUILT_IN: Final[Mapping[str, Type]] = {
    "Any": ANY,
    "number": NUMBER,
    "integer": NUMBER,
    "long": NUMBER,
    "double": NUMBER,
    "string": STRING,
    "boolean": BOOLEAN,
    "date": DATE,
    "time": TIME,
    "dateTime": DATE_TIME,
    "date and time": DATE_TIME,
    "dayTimeDuration": DAYS_DURATION,
    "days and time duration": DAYS_DURATION,
    "yearMonthDuration": MONTHS_DURATION,
    "years and months duration": MONTHS_DURATION,
}
"""`integer`, `long` and `double` are no names of the standard; a common modeler writes them."""

_MOST_DEPTH: Final = 16


EACH: Final = "[]"
"""Stands in a path for each item of a list."""


class AllowedValues(msgspec.Struct, frozen=True):
    """Unary tests that values of a type pass: those at a path of component names, `()` the value itself."""

    path: tuple[str, ...]
    type: Type
    tests: Entry


class ItemType(msgspec.Struct, frozen=True):
    """A type, and the allowed values of it and of what it consists of."""

    type: Type
    allowed: tuple[AllowedValues, ...] = ()

    def tests_at(self, *path: str) -> Entry | None:
        """Return the unary tests that values at a path of components pass; None when any value does."""
        return next((each.tests for each in self.allowed if each.path == path), None)

    def below(self, name: str) -> tuple[AllowedValues, ...]:
        """Return the allowed values as they are those of what has it as its component `name`."""
        return tuple(AllowedValues((name, *each.path), each.type, each.tests) for each in self.allowed)


class ItemTypes:
    """The types of one file. A name that means nothing is told where it is used, and counts as any."""

    def __init__(self, root: Element, faults: FaultList) -> None:
        self._faults = faults
        self._definitions = {each.get("name"): each for each in root.named("itemDefinition")}
        self._known: dict[str, ItemType] = {"": ItemType(ANY)}

    def of(self, reference: str, path: Path, depth: int = 0) -> ItemType:
        """Give the type behind a `typeRef` that stands at a path."""
        found = self._known.get(reference)
        if found is not None:
            return found
        plain = reference.removeprefix("feel:").removeprefix("feel.")
        definition = self._definitions.get(reference) or self._definitions.get(reference.rpartition(":")[2])
        if definition is not None:
            found = self._defined(definition, depth)
        elif plain in BUILT_IN:
            found = ItemType(BUILT_IN[plain])
        else:
            help_text = did_you_mean(reference, [*self._definitions, *BUILT_IN])
            self._faults.add("MF-D187", f'The file has no type "{reference}".', path, help=help_text)
            found = ItemType(ANY)
        self._known[reference] = found
        return found

    def _defined(self, element: Element, depth: int) -> ItemType:
        if depth > _MOST_DEPTH:
            message = f'The type "{element.get("name")}" consists of itself, or nests too deeply.'
            self._faults.add("MF-D187", message, element.path)
            return ItemType(ANY)
        reference = element.find("typeRef")
        components = list(element.named("itemComponent"))
        inner = ItemType(ANY)
        if reference is not None:
            inner = self.of(reference.text.strip(), reference.path, depth + 1)
        elif components:
            parts = {each.get("name"): self._defined(each, depth + 1) for each in components}
            fields = tuple((name, optional(part.type)) for name, part in parts.items())
            inner = ItemType(ContextType("", fields), sum((part.below(name) for name, part in parts.items()), ()))
        elif element.find("functionItem") is not None:
            inner = ItemType(FunctionType(None, ANY))
        is_list = element.get("isCollection") == "true"
        whole, items = tests_in(element.find("typeConstraint")), tests_in(element.find("allowedValues"))
        if not is_list:
            return _allowing(inner, items or whole)
        inner = _allowing(inner, items)
        return _allowing(ItemType(ListType(inner.type), inner.below(EACH)), whole)


def _allowing(item: ItemType, tests: Entry | None) -> ItemType:
    """Return a type with tests of the whole value, in place of those it had."""
    if tests is None:
        return item
    others = tuple(each for each in item.allowed if each.path)
    return ItemType(item.type, (AllowedValues((), item.type, tests), *others))


def tests_in(element: Element | None) -> Entry | None:
    """Give the unary tests in an element; None when it has none, or any value passes."""
    text = element.find("text") if element is not None else None
    return Entry(text.path, text.text) if text is not None and text.text.strip() not in {"", "-"} else None
