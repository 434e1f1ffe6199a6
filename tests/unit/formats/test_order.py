"""Duplicates and order of records."""

from decimal import Decimal

import pytest

from microflow_runtime.errors import NodeError
from microflow_runtime.feel import parse_time
from microflow_runtime.formats.order import Distinct, Order, sort_records


def test_equal_records_keep_their_order() -> None:
    """Whichever way the field is sorted; a later field decides among equal ones."""
    records = [{"a": Decimal(value), "n": number} for number, value in enumerate(("2", "1", "2.0", "1.00"))]
    assert [each["n"] for each in sort_records(records, [Order.of("a")])] == [1, 3, 0, 2]
    assert [each["n"] for each in sort_records(records, [Order.of("a descending")])] == [0, 2, 1, 3]
    assert [each["n"] for each in sort_records(records, [Order.of("a"), Order.of("n descending")])] == [3, 1, 2, 0]


def test_values_without_an_order_are_told() -> None:
    """A time with an offset and one without are neither before nor behind each other."""
    records = [{"a": parse_time("10:00:00")}, {"a": parse_time("10:00:00Z")}]
    with pytest.raises(NodeError, match="no order"):
        sort_records(records, [Order.of("a")])


def test_duplicates_are_found_in_what_is_nested() -> None:
    """By value, over several takes."""
    distinct = Distinct(compared=True)
    first = {"a": [{"b": Decimal("1.0")}], "c": None}
    assert distinct.of([first, {"a": [{"b": Decimal(1)}], "c": None}]) == [first]
    assert distinct.of([{"a": [{"b": Decimal(1)}], "c": None}, {"a": [], "c": None}]) == [{"a": [], "c": None}]
