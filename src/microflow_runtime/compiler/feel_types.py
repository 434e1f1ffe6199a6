"""Declared types as the formula language knows them."""

from collections.abc import Mapping
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

from msgspec import UNSET

from microflow_runtime.compiler.assigned import WHOLE, Fields
from microflow_runtime.feel import (
    BOOLEAN,
    DATE,
    DATE_TIME,
    DURATION,
    NUMBER,
    STRING,
    TIME,
    ContextType,
    ListType,
    Type,
    optional,
)
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.type_ref import TypeRef

SIMPLE_FEEL: Final[Mapping[str, Type]] = {
    "string": STRING,
    "integer": NUMBER,
    "decimal": NUMBER,
    "boolean": BOOLEAN,
    "date": DATE,
    "time": TIME,
    "date-time": DATE_TIME,
    "duration": DURATION,
}

CALLER: Final = ContextType("Caller", (("username", STRING), ("roles", ListType(STRING)), ("service_account", BOOLEAN)))
ERROR: Final = ContextType(
    "Error",
    (
        ("kind", STRING),
        ("code", STRING),
        ("message", STRING),
        ("node", STRING),
        ("data", ContextType("", (), open=True)),
    ),
)


class FeelTypes:
    """The formula types of one closure of Business Objects, each made once as long as it is used."""

    def __init__(self, definitions: Mapping[str, BusinessObject]) -> None:
        self._definitions = definitions
        # A type that nobody asked the fields of yet refers to this: the other way round it must not be held.
        self._whole: WeakValueDictionary[str, Type] = WeakValueDictionary()
        self._partial: WeakValueDictionary[tuple[str, Fields], Type] = WeakValueDictionary()

    def of(self, ref: TypeRef) -> Type:
        """Give the type of a value that fits `ref`. Raises KeyError for an unknown Business Object."""
        kind = SIMPLE_FEEL.get(ref.name) or self._of_business_object(ref.name)
        if ref.is_list:
            return ListType(kind)
        return optional(kind) if ref.is_optional else kind

    def of_variable(self, ref: TypeRef, assigned: Fields | None) -> Type:
        """Give what a formula may expect of a variable of which only `assigned` is surely there; None is nothing at all."""
        whole = self.of(ref)
        if ref.is_list or assigned == WHOLE:
            return whole
        if assigned is None or ref.is_simple:
            return optional(whole if ref.is_simple else self._of_partial(ref.name, frozenset()))
        return self._of_partial(ref.name, assigned)

    def _of_business_object(self, name: str) -> Type:
        kind = self._whole.get(name)
        if kind is None:
            definition = self._definitions[name]
            kind = self._whole[name] = ContextType(name, partial(self._fields, definition, None))
        return kind

    def _of_partial(self, name: str, assigned: Fields) -> Type:
        kind = self._partial.get((name, assigned))
        if kind is None:
            definition = self._definitions[name]
            kind = ContextType(name, partial(self._fields, definition, assigned))
            self._partial[name, assigned] = kind
        return kind

    def _fields(self, definition: BusinessObject, assigned: Fields | None) -> tuple[tuple[str, Type], ...]:
        return tuple((field.name, self._field(field, assigned)) for field in definition.fields)

    def _field(self, field: Field, assigned: Fields | None) -> Type:
        kind = self.of(TypeRef(field.type.name, is_list=field.type.is_list))
        if field.type.is_list:
            return kind
        has_default = field.default is not UNSET
        if has_default:
            return kind
        surely = not field.type.is_optional and (assigned is None or field.name in assigned)
        return kind if surely else optional(kind)
