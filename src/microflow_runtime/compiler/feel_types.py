"""Declared types as the formula language knows them."""

from collections.abc import Mapping
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

from msgspec import UNSET

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

    def of(self, ref: TypeRef) -> Type:
        """Give the type of a value that fits `ref`. Raises KeyError for an unknown Business Object."""
        kind = SIMPLE_FEEL.get(ref.name) or self._of_business_object(ref.name)
        if ref.is_list:
            return ListType(kind)
        return optional(kind) if ref.is_optional else kind

    def _of_business_object(self, name: str) -> Type:
        kind = self._whole.get(name)
        if kind is None:
            definition = self._definitions[name]
            kind = self._whole[name] = ContextType(name, partial(self._fields, definition))
        return kind

    def _fields(self, definition: BusinessObject) -> tuple[tuple[str, Type], ...]:
        return tuple((field.name, self._field(field)) for field in definition.fields)

    def _field(self, field: Field) -> Type:
        kind = self.of(TypeRef(field.type.name, is_list=field.type.is_list))
        may_be_missing = field.type.is_optional and not field.type.is_list and field.default is UNSET
        return optional(kind) if may_be_missing else kind
