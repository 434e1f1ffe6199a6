"""Whether a formula gives just what a declared type holds, so that its value needs no second look when it is assigned."""

from collections.abc import Mapping
from typing import Final

from msgspec import UNSET

from microflow_runtime.compiler.feel_types import SIMPLE_FEEL, FeelTypes
from microflow_runtime.feel import ContextType, ListType, Type, required
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.type_ref import TypeRef

NARROWER: Final = ("integer", "date", "date-time")
"""Types that hold less than the formula language's: whole numbers, years 0001 to 9999."""


class Exactness:
    """Compares the types of formulas with the declared types of one closure of Business Objects."""

    def __init__(self, definitions: Mapping[str, BusinessObject], types: FeelTypes, checked: frozenset[str]) -> None:
        """Take the closure; `checked` are the names of Business Objects with constraints beyond the types of fields."""
        self._definitions = definitions
        self._types = types
        self._checked = checked

    def holds(self, kind: Type, ref: TypeRef) -> bool:
        """Tell whether every value of the formula's type is, as it is, a value of the declared type."""
        if kind.optional:
            return False
        if ref.is_list:
            return isinstance(kind, ListType) and self.holds(kind.item, TypeRef(ref.name))
        if ref.is_simple:
            return ref.name not in NARROWER and kind == SIMPLE_FEEL[ref.name]
        if not isinstance(kind, ContextType) or kind.open:
            return False
        if kind.name:
            return is_narrower(kind, self._types.of(TypeRef(ref.name)))
        definition = self._definitions[ref.name]
        return (
            ref.name not in self._checked
            and tuple(name for name, _ in kind.fields) == tuple(field.name for field in definition.fields)
            and all(
                self._field_holds(given, field)
                for (_, given), field in zip(kind.fields, definition.fields, strict=True)
            )
        )

    def _field_holds(self, given: Type, field: Field) -> bool:
        """Tell it of a field; null is fine where the field may be missing and nothing stands in for it."""
        may_be_null = field.type.is_optional and not field.type.is_list and field.default is UNSET
        kind = required(given) if may_be_null else given
        return self.holds(kind, TypeRef(field.type.name, is_list=field.type.is_list))


def is_narrower(kind: Type, declared: Type) -> bool:
    """Tell whether a type is a declared one, or differs only in that more is known to be there."""
    if kind == declared:
        return True
    if kind.optional and not declared.optional:
        return False
    one, other = required(kind), required(declared)
    if not isinstance(one, ContextType) or not isinstance(other, ContextType) or one.name != other.name or not one.name:
        return one == other
    return len(one.fields) == len(other.fields) and all(
        name == wanted and is_narrower(given, field)
        for (name, given), (wanted, field) in zip(one.fields, other.fields, strict=True)
    )
