"""Tests of the shapes that values of a file are read by."""

from decimal import Decimal
from typing import Any

import jsonschema
import pytest

from microflow_runtime.compiler.reading.findings import Findings
from microflow_runtime.compiler.reading.shapes import BAD, Anything, ListOf, MapOf, Record, Text, Truth, Whole, key
from microflow_runtime.errors import Place

RECORD = Record(
    keys=(
        key("size", Whole(least=1, most=9), "How large.", required=True),
        key("words", ListOf(item=Text()), "Which words."),
    ),
    build=dict,
)


def read(shape: Any, value: Any) -> tuple[Any, list[str]]:
    """Read a value, and give what came of it and the codes of its faults."""
    findings = Findings(lambda _: Place("f", 1, 1, 2), lambda _: Place("f", 1, 1, 2), lambda _: "")
    return shape.read(value, ("at",), findings), [fault.code for fault in findings.faults]


@pytest.mark.parametrize(
    ("shape", "good", "read_as"),
    [
        (Text(), "", ""),
        (Text(words=("a", "b")), "b", "b"),
        (Truth(), True, True),
        (Whole(), 5, 5),
        (Anything(), [None], [None]),
        (ListOf(item=Whole()), [1, 2], (1, 2)),
        (ListOf(item=Text(), lone=True), "x", ("x",)),
        (MapOf(value=Truth()), {"a": True}, {"a": True}),
        (RECORD, {"size": 3}, {"size": 3}),
        (RECORD, {"size": 3, "words": None}, {"size": 3}),
    ],
)
def test_a_good_value_is_read(shape: Any, good: Any, read_as: Any) -> None:
    """A value of the shape is read without a fault."""
    assert read(shape, good) == (read_as, [])


@pytest.mark.parametrize(
    ("shape", "bad", "code"),
    [
        (Text(), 5, "MF-D012"),
        (Text(), Decimal("0.1"), "MF-D012"),
        (Text(empty=False), "", "MF-D016"),
        (Text(words=("a", "b")), "c", "MF-D016"),
        (Truth(), "yes", "MF-D012"),
        (Truth(), 1, "MF-D012"),
        (Whole(), True, "MF-D012"),
        (Whole(), Decimal("1.5"), "MF-D012"),
        (Whole(most=9), 10, "MF-D016"),
        (ListOf(item=Text()), "x", "MF-D012"),
        (ListOf(item=Text(), empty=False), [], "MF-D016"),
        (MapOf(value=Text()), [], "MF-D012"),
        (MapOf(value=Text(), empty=False), {}, "MF-D016"),
        (RECORD, "x", "MF-D012"),
        (RECORD, {}, "MF-D011"),
        (RECORD, {"size": None}, "MF-D011"),
    ],
)
def test_a_bad_value_is_a_fault(shape: Any, bad: Any, code: str) -> None:
    """A value that is not of the shape is BAD and has one fault; the JSON Schema refuses it too."""
    assert read(shape, bad) == (BAD, [code])
    plain = float(bad) if isinstance(bad, Decimal) else bad
    assert not jsonschema.Draft202012Validator(shape.schema()).is_valid(plain)


def test_every_fault_of_a_record_is_found() -> None:
    """Bad values, unknown keys and missing ones are told together, and an optional bad value is left out."""
    result, codes = read(RECORD, {"words": 5, "wrods": 1, "size": 2})
    assert result == {"size": 2}
    assert codes == ["MF-D012", "MF-D010"]


def test_every_fault_of_a_list_is_found() -> None:
    """A bad item does not hide the next."""
    assert read(ListOf(item=Whole()), [1, "x", "y"]) == (BAD, ["MF-D012", "MF-D012"])


def test_other_keys_go_where_the_record_says() -> None:
    """A record that takes every key keeps those it does not know."""
    record = Record(keys=(key("a", Text(), "A."),), build=dict, others="rest", named_by_key=True)
    assert read(record, {"a": "x", "b": 2}) == ({"name": "at", "a": "x", "rest": {"b": 2}}, [])
    assert "additionalProperties" not in record.schema()
