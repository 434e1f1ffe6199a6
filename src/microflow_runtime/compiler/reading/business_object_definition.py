"""The keys of a file in `business_objects/`, and what the limits of a field may say."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.findings import Findings, KeyPath, described, key_words
from microflow_runtime.compiler.reading.shapes import (
    BAD,
    Anything,
    ListOf,
    MapOf,
    Record,
    Schema,
    Text,
    Truth,
    Whole,
    key,
)
from microflow_runtime.compiler.reading.words import FIELD_NAME, BusinessObjectName, Type
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.type_ref import TypeRef

_NUMBERS: Final = ("integer", "decimal")
_MOMENTS: Final = {
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "time": re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}.*"),
    "date-time": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.+"),
    "duration": re.compile(r"-?P.+"),
}


class Number(msgspec.Struct, frozen=True):
    """A number. Read as decimal text with the digits it was written with."""

    example: str = "0"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if _is_number(value):
            return format(value, "f") if isinstance(value, Decimal) else str(value)
        findings.wrong_kind(path, "a number", value, help="write it without quotes" if isinstance(value, str) else "")
        return BAD

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "number"}


class Choice(msgspec.Struct, frozen=True):
    """A text or a number that a field may hold. Read as text."""

    example: str = "…"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if isinstance(value, str):
            return value
        if _is_number(value):
            return str(value)
        findings.wrong_kind(path, "a text or a number", value, help="put it in quotes")
        return BAD

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": ["string", "number"]}


def _fitting_limits(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    """Check that a field's limits and default belong to its type and to each other."""
    declared = Type().read(written.get("type"), (*path, "type"), findings.aside())
    if declared is BAD:
        return
    for limit, fits, takes in (
        ("min", declared.name in _NUMBERS, "numbers"),
        ("max", declared.name in _NUMBERS, "numbers"),
        ("min_length", declared.is_list or declared.name == "string", "texts and lists"),
        ("max_length", declared.is_list or declared.name == "string", "texts and lists"),
        ("pattern", declared.name == "string", "texts"),
        ("one_of", declared.name in (*_NUMBERS, "string"), "texts and numbers"),
    ):
        if written.get(limit) is not None and not fits:
            message = f"`{limit}` limits {takes}, and {key_words(path)} is `{declared}`"
            findings.add(fault_codes.BAD_LIMIT, message, (*path, limit), at_key=True, declared=(*path, "type"))
    for least, most in (("min", "max"), ("min_length", "max_length")):
        low, high = written.get(least), written.get(most)
        if isinstance(low, int | Decimal) and isinstance(high, int | Decimal) and low > high:
            findings.add(
                fault_codes.KEYS_DISAGREE, f"`{least}` is over `{most}`", (*path, least), declared=(*path, most)
            )
    for position, item in enumerate(written["one_of"] if isinstance(written.get("one_of"), list) else ()):
        if not _fits(item, declared.name):
            message = f"{described(item).capitalize()} is no `{declared.name}`"
            findings.add(
                fault_codes.BAD_LIMIT,
                message,
                (*path, "one_of", position),
                expected=declared.name,
                found=described(item),
            )
    _fitting_default(written.get("default"), declared, (*path, "default"), findings)


def _fitting_default(default: Any, declared: TypeRef, path: KeyPath, findings: Findings) -> None:
    if default is None or (isinstance(default, list) if declared.is_list else _fits(default, declared.name)):
        return
    message = f"The default is {described(default)}, and the field is `{declared}`"
    findings.add(fault_codes.BAD_DEFAULT, message, path, expected=str(declared), found=described(default))


def _fits(value: Any, type_name: str) -> bool:
    """Say whether a value of a file has the look of a simple type; a Business Object is a mapping."""
    match type_name:
        case "string":
            return isinstance(value, str)
        case "integer":
            return _is_number(value) and value == int(value)
        case "decimal":
            return _is_number(value)
        case "boolean":
            return isinstance(value, bool)
        case "date" | "time" | "date-time" | "duration":
            return isinstance(value, str) and _MOMENTS[type_name].fullmatch(value) is not None
        case _:
            return isinstance(value, dict)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _field(name: str, **attributes: Any) -> Field:
    return Field(name=name, **attributes)


_LONG_FIELD: Final = Record(
    keys=(
        key("type", Type(), 'The type of the field: X, X?, [X] or "[X]?".', required=True),
        key("default", Anything(), "The value that stands in for a missing one."),
        key("min", Number(), "The least number allowed.", attribute="minimum"),
        key("max", Number(), "The greatest number allowed.", attribute="maximum"),
        key("min_length", Whole(), "The least number of characters of a text, or of items of a list."),
        key("max_length", Whole(), "The greatest number of characters of a text, or of items of a list."),
        key("pattern", Text(empty=False, example="[A-Z]{3}"), "An XPath pattern that the whole text must match."),
        key("one_of", ListOf(item=Choice(), empty=False), "The only values allowed."),
        key("sensitive", Truth(), "True masks the value wherever a step is recorded."),
        key("description", Text(), "What the field holds."),
    ),
    build=_field,
    named_by_key=True,
    check=_fitting_limits,
)


class FieldShape(msgspec.Struct, frozen=True):
    """A field: its type alone, or a mapping with its type and limits."""

    example: str = "string"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if isinstance(value, dict):
            return _LONG_FIELD.read(value, path, findings)
        declared = Type().read(value, path, findings)
        return BAD if declared is BAD else Field(name=str(path[-1]), type=declared)

    def schema(self) -> Schema:
        """See Shape."""
        return {"anyOf": [Type().schema(), _LONG_FIELD.schema()]}


def _business_object(name: str, fields: dict[str, Field], description: str = "") -> BusinessObject:
    return BusinessObject(name=name, fields=tuple(fields.values()), description=description)


BUSINESS_OBJECT: Final = Record(
    keys=(
        key(
            "business_object", BusinessObjectName(), "The name of the Business Object.", attribute="name", required=True
        ),
        key("description", Text(), "What it stands for."),
        key(
            "fields",
            MapOf(value=FieldShape(), key=FIELD_NAME, what="field"),
            "Its fields, in their order on the wire.",
            required=True,
        ),
    ),
    build=_business_object,
)
