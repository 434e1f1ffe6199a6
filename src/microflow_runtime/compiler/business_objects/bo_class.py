"""The class that is generated for a Business Object: it reads, takes over, checks, blanks and writes its values.

A value of a Business Object is a plain dict that holds every declared field, in declared order; a missing one is None and
a missing list is []. Why dicts: docs/decisions/0001-values-are-dicts.md.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from typing import Any, Final, NoReturn

import msgspec

from microflow_runtime.compiler.business_objects.constraints import Check, build_check
from microflow_runtime.compiler.business_objects.misfit import Misfit, Notes, describe, hidden
from microflow_runtime.compiler.business_objects.simple_values import SIMPLE
from microflow_runtime.compiler.business_objects.unrolled import (
    BOOLEAN,
    DECIMAL,
    INTEGER,
    NEEDED,
    OTHER,
    PLAIN,
    TEXT,
    adopter_factory,
    list_adopter_factory,
    list_reader_factory,
    list_writer_factory,
    reader_factory,
    writer_factory,
)
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.type_ref import TypeRef

Value = Any
Reader = Callable[[Any, Notes], Value]
Adopter = Callable[[Any], Value]
Writer = Callable[[Value], Any]


class ValueShape(msgspec.Struct, frozen=True):
    """How values of one declared type (a Business Object, a simple type, a list of either) come in and go out.

    `read` takes JSON values from a caller, `adopt` values from formulas and drivers, `write` gives JSON values. All
    three raise Misfit. `check` holds the constraints of a field and is None where there are none. `blank` makes the
    value that stands in when nothing was given: None, [] or a Business Object of blanks.
    """

    type: TypeRef
    read: Reader
    adopt: Adopter
    write: Writer | None
    blank: Callable[[], Value]


_KINDS: Final = {"string": TEXT, "decimal": DECIMAL, "integer": INTEGER, "boolean": BOOLEAN}


class _Slot:
    """One field as the class works with it."""

    __slots__ = (
        "adopt",
        "check",
        "default",
        "has_default",
        "is_list",
        "is_sensitive",
        "name",
        "needs_value",
        "read",
        "settled",
        "type",
        "write",
        "written",
    )

    def __init__(self, field: Field, shape: ValueShape) -> None:
        self.name = field.name
        self.is_sensitive = field.sensitive
        self.check: Check | None = build_check(field)
        self.read = shape.read if self.check is None else _checked_reader(shape.read, self.check)
        self.adopt = shape.adopt if self.check is None else _checked_adopter(shape.adopt, self.check)
        self.write = shape.write
        self.type = field.type
        self.is_list = field.type.is_list
        self.has_default = field.default is not msgspec.UNSET
        self.needs_value = not (field.type.is_optional or self.has_default or self.is_list)
        self.written = field.default
        self.default: Value = None
        self.settled = None if self.has_default else True

    def settle(self) -> None:
        """Read the default, once every class of the closure is linked. Raises Misfit when it does not fit."""
        if self.settled is False:
            raise Misfit("a default that comes to an end", "one that needs itself")
        self.settled = False
        self.default = self.read(self.written, Notes())
        self.settled = True

    @property
    def take_kind(self) -> str:
        """How the unrolled reader and adopter may take the value without a call."""
        if self.check is not None or self.type.is_list:
            return OTHER
        return _KINDS.get(self.type.name, OTHER)

    @property
    def write_kind(self) -> str:
        """How the unrolled writer may give the value without a call."""
        if self.write is None:
            return NEEDED if self.needs_value else PLAIN
        return OTHER

    def read_or_missing(self, given: Any, notes: Notes) -> Value:
        """Read what was given, or give what stands for nothing."""
        return self.missing() if given is None else self.read(given, notes)

    def adopt_or_missing(self, given: Any) -> Value:
        """Take over what was given, or give what stands for nothing."""
        return self.missing() if given is None else self.adopt(given)

    def write_or_refuse(self, value: Value) -> Any:
        """Write the value; Misfit when one is needed and there is none."""
        if value is None:
            if self.needs_value:
                raise Misfit("a value", "nothing")
            return None
        return value if self.write is None else self.write(value)

    def missing(self) -> Value:
        """Give what stands for a value that was not sent; Misfit when one is required."""
        if self.needs_value:
            raise Misfit("a value", "nothing")
        if self.is_list and not self.has_default:
            return []
        if not self.settled:
            self.settle()
        return self.default


def _checked_reader(read: Reader, check: Check) -> Reader:
    def read_and_check(value: Any, notes: Notes) -> Value:
        taken = read(value, notes)
        check(taken)
        return taken

    return read_and_check


def _checked_adopter(adopt: Adopter, check: Check) -> Adopter:
    def adopt_and_check(value: Any) -> Value:
        taken = adopt(value)
        check(taken)
        return taken

    return adopt_and_check


class BoClass:
    """The class of one Business Object within one closure of definitions. It never changes once it is linked."""

    __slots__ = (
        "_adopt",
        "_adopt_many",
        "_read",
        "_read_many",
        "_slots",
        "_write",
        "_write_many",
        "definition",
        "is_holder",
        "name",
    )

    def __init__(self, definition: BusinessObject) -> None:
        self.definition = definition
        self.name = definition.name
        self.is_holder = False
        self._slots: dict[str, _Slot] = {}
        self._read: Callable[[dict[str, Any], Notes], dict[str, Value]]
        self._read_many: Callable[[list[Any], Notes], list[Value]]
        self._adopt: Callable[[dict[str, Any]], dict[str, Value]]
        self._adopt_many: Callable[[list[Any]], list[Value]]
        self._write: Callable[[dict[str, Value]], dict[str, Any]]
        self._write_many: Callable[[list[Value]], list[Any]]

    def link(self, classes: "Mapping[str, BoClass]") -> None:
        """Build the fields, once every class of the closure exists: Business Objects may refer to each other."""
        for field in self.definition.fields:
            try:
                self._slots[field.name] = _Slot(field, shape_of(field.type, classes))
            except Misfit as misfit:
                raise misfit.under(field.name).under(self.name) from misfit
        self._make()

    def settle(self) -> None:
        """Read the defaults, once every class of the closure is linked."""
        for slot in self._slots.values():
            try:
                if not slot.settled:
                    slot.settle()
            except Misfit as misfit:
                raise self.hide(slot.name, misfit).under(slot.name).under(self.name) from misfit

    def read(self, value: Any, notes: Notes) -> dict[str, Value]:
        """Make a value from a JSON object; a field that is not declared is left out and counted."""
        if type(value) is not dict:
            raise Misfit(f"an object ({self.name})", self._described(value))
        return self._read(value, notes)

    def adopt(self, value: Any) -> dict[str, Value]:
        """Make a value from a context by field names; fields of the context that are not declared are left out."""
        if type(value) is not dict:
            raise Misfit(f"a {self.name}", self._described(value))
        return self._adopt(value)

    def read_many(self, values: Any, notes: Notes) -> list[Value]:
        """Make values from a list of JSON objects."""
        if type(values) is not list:
            raise Misfit("a list", self._described(values))
        return self._read_many(values, notes)

    def adopt_many(self, values: Any) -> list[Value]:
        """Make values from a list of contexts."""
        if type(values) is not list:
            raise Misfit("a list", self._described(values))
        return self._adopt_many(values)

    def adopt_field(self, name: str) -> Adopter:
        """Give the function that takes over a value for one field: type, presence and constraints."""
        slot = self._slots[name]
        adopt = slot.adopt

        def adopt_one(value: Any) -> Value:
            return slot.missing() if value is None else adopt(value)

        def adopt_hidden(value: Any) -> Value:
            try:
                return adopt_one(value)
            except Misfit as misfit:
                misfit.hide()
                raise

        return adopt_hidden if slot.is_sensitive else adopt_one

    def hide(self, name: str, misfit: Misfit) -> Misfit:
        """Keep what was found out of the misfit of a field that is sensitive."""
        slot = self._slots.get(name)
        return misfit.hide() if slot is not None and slot.is_sensitive else misfit

    def _described(self, value: Any) -> str:
        """Say what stands where a value of this class should: it may be what a sensitive field was meant to hold."""
        return hidden(describe(value)) if self.is_holder else describe(value)

    def read_field(self, name: str, given: Any) -> Value:
        """Make the value of one field from JSON, or give what stands for nothing. Raises Misfit."""
        return self._slots[name].read_or_missing(given, Notes())

    def has_check(self, name: str) -> bool:
        """Tell whether the field has constraints beyond its type."""
        return self._slots[name].check is not None

    @property
    def has_checks(self) -> bool:
        """Tell whether any field has constraints beyond its type."""
        return any(slot.check is not None for slot in self._slots.values())

    def blank(self) -> dict[str, Value]:
        """Make the value a new parent starts from: defaults where there are some, else None or []."""
        return {
            slot.name: slot.default if slot.has_default else ([] if slot.is_list else None)
            for slot in self._slots.values()
        }

    def write(self, value: dict[str, Value]) -> dict[str, Any]:
        """Make the JSON object of a value; a required field without value does not fit."""
        return self._write(value)

    def write_many(self, values: list[Value]) -> list[Any]:
        """Make the JSON objects of a list of values."""
        return self._write_many(values)

    def _make(self) -> None:
        """Make the functions that do the work."""
        slots = tuple(self._slots.values())
        declared = frozenset(self._slots)

        def failed(index: int, misfit: Misfit) -> NoReturn:
            slot = slots[index]
            raise (misfit.hide() if slot.is_sensitive else misfit).under(slot.name)

        def count_unknown(value: dict[str, Any], notes: Notes) -> None:
            notes.unknown_fields += sum(name not in declared for name in value)

        names = tuple(self._slots)
        taken = "".join(slot.take_kind for slot in slots)
        written = "".join(slot.write_kind for slot in slots)
        readers = tuple(slot.read_or_missing for slot in slots)
        adopters = tuple(slot.adopt_or_missing for slot in slots)
        writers = tuple(slot.write_or_refuse for slot in slots)
        self._read = reader_factory(taken)(*names, *readers, failed, count_unknown, Misfit)
        self._adopt = adopter_factory(taken)(*names, *adopters, failed, Misfit)
        self._write = writer_factory(written)(*names, *writers, failed, Misfit)
        # None of these may hold the class itself: a ring would wait for the collector, which sees it late or never.
        read_again, adopt_again, write_again = _alone(
            self.name, hidden if self.is_holder else _as_it_is, self._read, self._adopt, self._write
        )
        self._read_many = list_reader_factory(taken)(*names, *readers, read_again, count_unknown, Misfit, self._read)
        self._adopt_many = list_adopter_factory(taken)(*names, *adopters, adopt_again, Misfit, self._adopt)
        self._write_many = list_writer_factory(written)(*names, *writers, write_again, Misfit, self._write)


def _alone(
    name: str,
    told: Callable[[str], str],
    read: Callable[[dict[str, Any], Notes], Any],
    adopt: Callable[[dict[str, Any]], Any],
    write: Callable[[dict[str, Any]], Any],
) -> "tuple[_Failed, _Failed, _Failed]":
    """Give what tells the misfit of one value of a list, when it is read, adopted and written."""

    def read_alone(value: Any) -> Any:
        if type(value) is not dict:
            raise Misfit(f"an object ({name})", told(describe(value)))
        return read(value, Notes())

    def adopt_alone(value: Any) -> Any:
        if type(value) is not dict:
            raise Misfit(f"a {name}", told(describe(value)))
        return adopt(value)

    return _telling(read_alone), _telling(adopt_alone), _telling(write)


def _as_it_is(found: str) -> str:
    return found


_Failed = Callable[[Any, int], NoReturn]


def _telling(convert: Callable[[Any], Any]) -> Callable[[Any, int], NoReturn]:
    """Give what says which part of a value of a list does not fit, by converting it alone."""

    def failed(value: Any, index: int) -> NoReturn:
        try:
            convert(value)
        except Misfit as misfit:
            raise misfit.under(index) from None
        raise AssertionError("a value that does not fit in a list does not fit alone")

    return failed


def build_classes(definitions: Iterable[BusinessObject]) -> dict[str, BoClass]:
    """Generate the classes of one closure. Raises Misfit when a default does not fit its field."""
    classes = {definition.name: BoClass(definition) for definition in definitions}
    for name in holders_of(classes):
        classes[name].is_holder = True
    for bo_class in classes.values():
        bo_class.link(classes)
    for bo_class in classes.values():
        bo_class.settle()
    return classes


def holders_of(classes: "Mapping[str, BoClass]") -> frozenset[str]:
    """Give the names of the Business Objects that have a sensitive field, or hold one that has."""
    holders = {name for name, each in classes.items() if any(field.sensitive for field in each.definition.fields)}
    more = bool(holders)
    while more:
        found = {
            name
            for name, each in classes.items()
            if name not in holders and any(field.type.name in holders for field in each.definition.fields)
        }
        holders |= found
        more = bool(found)
    return frozenset(holders)


def shape_of(type_ref: TypeRef, classes: Mapping[str, BoClass]) -> ValueShape:
    """Give how values of a declared type are handled. Raises KeyError when the type is not among the classes."""
    simple = SIMPLE.get(type_ref.name)
    if simple is not None:
        single = ValueShape(type_ref, simple.read, simple.adopt, simple.write, _none)
    else:
        bo_class = classes[type_ref.name]
        single = ValueShape(type_ref, bo_class.read, bo_class.adopt, bo_class.write, bo_class.blank)
    if not type_ref.is_list:
        return single
    if simple is None:
        return ValueShape(type_ref, bo_class.read_many, bo_class.adopt_many, bo_class.write_many, list)
    write = _list_writer(single.write) if single.write is not None else None
    return ValueShape(type_ref, _list_reader(single.read), _list_adopter(single.adopt), write, list)


def _none() -> None:
    return None


def _list_reader(read: Reader) -> Reader:
    def read_list(value: Any, notes: Notes) -> list[Value]:
        if type(value) is not list:
            raise Misfit("a list", describe(value))
        result: list[Any] = []
        try:
            result.extend(map(read, value, repeat(notes)))
        except Misfit as misfit:
            misfit.under(len(result))  # what came before it is in the list already
            raise
        return result

    return read_list


def _list_adopter(adopt: Adopter) -> Adopter:
    def adopt_list(value: Any) -> list[Value]:
        if type(value) is not list:
            raise Misfit("a list", describe(value))
        result: list[Any] = []
        try:
            result.extend(map(adopt, value))
        except Misfit as misfit:
            misfit.under(len(result))  # what came before it is in the list already
            raise
        return result

    return adopt_list


def _list_writer(write: Writer) -> Writer:
    def write_list(value: list[Value]) -> list[Any]:
        result: list[Any] = []
        try:
            result.extend(map(write, value))
        except Misfit as misfit:
            misfit.under(len(result))  # what came before it is in the list already
            raise
        return result

    return write_list
