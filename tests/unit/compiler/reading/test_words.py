"""Tests of names, types, durations, targets, conditions and paths."""

from typing import Any

import jsonschema
import pytest

from microflow_runtime.compiler.reading.findings import Findings
from microflow_runtime.compiler.reading.shapes import BAD
from microflow_runtime.compiler.reading.words import (
    FIELD_NAME,
    FILED_NAME,
    NODE_NAME,
    SCOPE_NAME,
    BusinessObjectName,
    Condition,
    Duration,
    FilePath,
    Target,
    Type,
)
from microflow_runtime.errors import Fault, Place
from microflow_runtime.model.type_ref import TypeRef


def collector() -> Findings:
    """Make a collector whose places are all the same."""
    return Findings(lambda _: Place("f", 1, 1, 2), lambda _: Place("f", 1, 1, 2), lambda _: "")


def read(shape: Any, value: Any) -> tuple[Any, list[Fault]]:
    """Read a value, and give what came of it and its faults."""
    findings = collector()
    return shape.read(value, ("at",), findings), findings.faults


def agrees(shape: Any, value: Any) -> bool:
    """Say whether the shape's JSON Schema takes the value."""
    return jsonschema.Draft202012Validator(shape.schema()).is_valid(value)


@pytest.mark.parametrize(
    ("written", "type_ref"),
    [
        ("string", TypeRef("string")),
        ("date-time?", TypeRef("date-time", is_optional=True)),
        ("Order Line", TypeRef("Order Line")),
        ("ใบสั่งซื้อ?", TypeRef("ใบสั่งซื้อ", is_optional=True)),
        (["OrderLine"], TypeRef("OrderLine", is_list=True)),
        ("[OrderLine]", TypeRef("OrderLine", is_list=True)),
        ("[ OrderLine ]?", TypeRef("OrderLine", is_list=True, is_optional=True)),
    ],
)
def test_types_are_read(written: Any, type_ref: TypeRef) -> None:
    """A type is a name, perhaps in a list, perhaps missing."""
    assert read(Type(), written) == (type_ref, [])
    assert agrees(Type(), written)


@pytest.mark.parametrize("written", [["a", "b"], [], ["X?"], [5], "[X", "X]", "X??", "[[X]]", "?", "[]", "", 5, None])
def test_what_is_no_type_is_a_fault(written: Any) -> None:
    """Anything else is a fault that shows the four forms, or says what was found."""
    result, faults = read(Type(), written)
    assert result is BAD
    assert [fault.code for fault in faults] in (["MF-D014"], ["MF-D012"], ["MF-D013"])
    assert not agrees(Type(), written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("String", "string"),
        ("Integer", "integer"),
        ("dateTime", "date-time"),
        ("DATE_TIME", "date-time"),
        ("[Decimal]", "decimal"),
    ],
)
def test_the_vendors_spelling_of_a_type_is_corrected(written: str, meant: str) -> None:
    """A simple type in other letters is a fault that gives its spelling."""
    result, faults = read(Type(), written)
    assert result is BAD
    assert faults[0].replacement == meant


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("200ms", 0.2), ("2s", 2.0), ("1.5s", 1.5), ("1m", 60.0), ("1h", 3600.0), ("24h", 86_400.0)],
)
def test_durations_are_read_as_seconds(written: str, seconds: float) -> None:
    """A duration is a number and a unit."""
    assert read(Duration(), written) == (pytest.approx(seconds), [])
    assert agrees(Duration(), written)


@pytest.mark.parametrize("written", [5, "5", "2 s", "2S", "-1s", "0s", "25h", "1d", "", None, "1" * 40 + "s"])
def test_what_is_no_duration_is_a_fault(written: Any) -> None:
    """A number without unit, an unknown unit, nothing and more than a day are faults."""
    result, faults = read(Duration(), written)
    assert result is BAD
    assert faults[0].code == "MF-D015"


def test_a_wait_may_be_nothing() -> None:
    """Where zero makes sense it is allowed."""
    assert read(Duration(zero=True), "0s") == (0.0, [])


@pytest.mark.parametrize(
    "name", ["Get Tracking List", "ราคาสินค้า", "a.b", "v_swap_with", "Known customer?", "1st", "क्‍ष"]
)
def test_names_hold_spaces_and_any_script(name: str) -> None:
    """A flow may be called what people call it."""
    assert read(FILED_NAME, name) == (name, [])
    assert agrees(FILED_NAME, name)


@pytest.mark.parametrize("name", ["", " a", "a ", "a/b", "a\\b", "a\nb", "a\x00b", "a\u202eb", "x" * 201, 5, None])
def test_a_name_that_would_break_something_is_a_fault(name: Any) -> None:
    """Names become parts of file names, web paths and lines of a log."""
    result, faults = read(FILED_NAME, name)
    assert result is BAD
    assert faults[0].code in {"MF-D012", "MF-D013"}


@pytest.mark.parametrize(
    ("shape", "name", "good"),
    [
        (SCOPE_NAME, "a.b", False),
        (SCOPE_NAME, "caller", False),
        (SCOPE_NAME, "error", False),
        (SCOPE_NAME, "Order Lines", True),
        (FIELD_NAME, "a.b", False),
        (FIELD_NAME, "caller", True),
        (NODE_NAME, "a/b.c", True),
    ],
)
def test_each_kind_of_name_has_its_own_rules(shape: Any, name: str, good: bool) -> None:
    """A dot would begin a path into a variable, and the words of the scope are taken."""
    assert shape.read_key(name, (name,), collector()) is good
    assert agrees(shape, name) is good


@pytest.mark.parametrize("name", ["String", "date-time", "DateTime"])
def test_a_business_object_is_not_called_like_a_type(name: str) -> None:
    """A name that the language uses would be ambiguous."""
    assert read(BusinessObjectName(), name)[0] is BAD


@pytest.mark.parametrize(
    ("target", "good"),
    [
        ("Rate", True),
        ("Rate.value", True),
        ("Order Lines.sku no.x", True),
        ("", False),
        (".a", False),
        ("a..b", False),
        ("a.", False),
        ("a. b", False),
    ],
)
def test_targets_are_paths(target: str, good: bool) -> None:
    """The left side of a mapping is a variable or a path into one."""
    assert Target().read_key(target, (target,), collector()) is good
    assert agrees(Target(), target) is good


@pytest.mark.parametrize(("written", "formula"), [("= a > 1", " a > 1"), ("=a", "a")])
def test_a_condition_is_read_without_its_mark(written: str, formula: str) -> None:
    """All that follows the `=` is the formula."""
    assert read(Condition(), written) == (formula, [])


@pytest.mark.parametrize("written", ["a > 1", "=", "=  ", "", True, None])
def test_a_condition_must_be_a_formula(written: Any) -> None:
    """A literal cannot decide; the help shows how to write the formula."""
    result, faults = read(Condition(), written)
    assert result is BAD
    assert faults[0].code == "MF-D019"
    assert faults[0].help.startswith("write `= ")


@pytest.mark.parametrize(
    ("path", "good"),
    [
        ("files/a.sql", True),
        ("files/a/b.sql", True),
        ("a.sql", False),
        ("/files/a", False),
        ("files/../a", False),
        ("files/", False),
        ("files\\a", False),
        (5, False),
    ],
)
def test_a_file_lies_below_files(path: Any, good: bool) -> None:
    """No path leads out of the folder of shared files."""
    assert (read(FilePath(), path)[0] is not BAD) is good
