"""Whether every value that one field's limits let pass is let pass by another's, and how limits are told to people.

A limit that cannot be proved to let everything pass counts as one that does not: two patterns that are written
differently are not compared any further.
"""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.compiler.business_objects.constraints import build_check
from microflow_runtime.model.business_object import Field
from microflow_runtime.model.type_ref import TypeRef

_NUMBERS: Final = ("integer", "decimal")


def same_limits(one: Field, other: Field) -> bool:
    """Tell whether two fields of the same type have the same limits, however they are written."""
    return _key(one) == _key(other)


def limits_fit(narrow: Field, wide: Field) -> bool:
    """Tell whether every value that fits type and limits of `narrow` surely fits the limits of `wide`."""
    if same_limits(narrow, wide):
        return True
    if narrow.type.is_list:
        return _lengths_fit(narrow, wide) and _single_fits(_item_of(narrow), _item_of(wide))
    return _single_fits(narrow, wide)


def limits_text(field: Field) -> str:
    """Say a field's limits: `0 to 10, 1 to 3 characters`; `any value` when there are none."""
    return ", ".join(_texts(field)) or "any value"


def _texts(field: Field) -> Iterator[str]:
    if field.minimum is not None or field.maximum is not None:
        yield _range_text(field.minimum, field.maximum, "")
    if field.min_length or field.max_length is not None:
        low, high = field.min_length or None, field.max_length
        unit = "item" if field.type.is_list else "character"
        yield _range_text(low, high, f" {unit}" if (low if high is None else high) == 1 else f" {unit}s")
    if field.pattern is not None:
        yield f"text of the form `{field.pattern}`"
    if field.one_of:
        yield f"one of {', '.join(field.one_of)}"


def _range_text(low: str | int | None, high: str | int | None, unit: str) -> str:
    if low is None or high is None:
        return f"at most {high}{unit}" if low is None else f"at least {low}{unit}"
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"


def _key(field: Field) -> tuple[Any, ...]:
    """Give the limits in a form in which equal ones are equal: numbers as numbers, choices without order."""
    low, high = _range(field)
    return low, high, field.min_length or 0, field.max_length, field.pattern, _choices(field)


def _range(field: Field) -> tuple[Decimal | None, Decimal | None]:
    """Give the least and the greatest value; those of an integer are whole."""
    low = None if field.minimum is None else Decimal(field.minimum)
    high = None if field.maximum is None else Decimal(field.maximum)
    if field.type.name == "integer":
        low = None if low is None else low.to_integral_value(ROUND_CEILING)
        high = None if high is None else high.to_integral_value(ROUND_FLOOR)
    return low, high


def _choices(field: Field) -> frozenset[Any]:
    return frozenset(map(Decimal, field.one_of)) if field.type.name in _NUMBERS else frozenset(field.one_of)


def _item_of(field: Field) -> Field:
    """Give the field that one item of a list is: lengths are the list's own."""
    item = TypeRef(field.type.name)
    return msgspec.structs.replace(field, type=item, default=msgspec.UNSET, min_length=None, max_length=None)


def _single_fits(narrow: Field, wide: Field) -> bool:
    if narrow.one_of:
        return all(_passes(wide, choice) for choice in _choices(narrow) if _passes(narrow, choice))
    if wide.one_of or (wide.pattern is not None and wide.pattern != narrow.pattern):
        return False
    low, high = _range(narrow)
    wide_low, wide_high = _range(wide)
    return (
        (wide_low is None or (low is not None and low >= wide_low))
        and (wide_high is None or (high is not None and high <= wide_high))
        and _lengths_fit(narrow, wide)
    )


def _lengths_fit(narrow: Field, wide: Field) -> bool:
    return (narrow.min_length or 0) >= (wide.min_length or 0) and (
        wide.max_length is None or (narrow.max_length is not None and narrow.max_length <= wide.max_length)
    )


def _passes(field: Field, value: Any) -> bool:
    check = build_check(field)
    try:
        if check is not None:
            check(value)
    except Misfit:
        return False
    return True
