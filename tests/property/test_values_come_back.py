"""What is kept as JSON comes back as it was, or is refused: in the cache, and in bodies of requests."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from microflow_runtime.compiler.business_objects import shape_of
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import Date, DateTime, Time
from microflow_runtime.model.type_ref import TypeRef
from microflow_runtime.nodes.cache import _read, _written
from microflow_runtime.nodes.rest.json_form import read_json, with_numbers, write_json

_numbers = some.decimals(allow_nan=False, allow_infinity=False) | some.integers(-(10**1100), 10**1100).map(Decimal)
_dates = some.dates().map(lambda day: Date(day.year, day.month, day.day))
_nanos = some.integers(0, 86_400_000_000_000 - 1)
_OF_TYPES: dict[str, some.SearchStrategy[Any]] = {
    "string": some.text(),
    "boolean": some.booleans(),
    "integer": some.integers().map(Decimal),
    "decimal": _numbers,
    "date": _dates,
    "time": _nanos.map(Time),
    "date-time": some.builds(lambda day, nanos, offset: DateTime(day.days, nanos, offset), _dates, _nanos, some.none() | some.integers(-14 * 4, 14 * 4).map(lambda quarter: quarter * 900)),
}  # fmt: skip
_json = some.recursive(
    some.none() | some.booleans() | some.text() | _numbers,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(some.data(), some.sampled_from(sorted(_OF_TYPES)), some.booleans())
def test_the_cache_gives_what_it_was_given(data: some.DataObject, name: str, is_list: bool) -> None:
    """A value of every simple type, and lists of them."""
    values = _OF_TYPES[name]
    value = data.draw(some.lists(values, max_size=3) if is_list else values)
    shape = shape_of(TypeRef(name, is_list=is_list), {})
    try:
        kept = _written(value, shape)
    except NodeError as error:
        assert error.kind == "cache"  # noqa: PT017 - a refusal is as good
        return
    assert kept is not None
    assert _read(kept, shape) == value


@given(_json)
@settings(max_examples=200)
def test_bodies_give_what_they_were_given(value: Any) -> None:
    """Any value that JSON has, read as replies are read."""
    try:
        assert with_numbers(read_json(write_json(value))) == value
    except NodeError as error:
        assert error.kind in {"http.request", "http.reply"}  # noqa: PT017 - as above


def test_the_cache_refuses_what_it_could_not_give_back() -> None:
    """A number of too many digits is an error when it is put, and not a value that is gone."""
    with pytest.raises(NodeError, match="cannot be kept exactly"):
        _written(Decimal("1" * 1001), shape_of(TypeRef("decimal"), {}))
