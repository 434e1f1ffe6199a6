"""Each rule on a field that is declared otherwise, for those that send it and for those that read it."""

from typing import Any

import pytest

from microflow_runtime.compiler.impact.fields import Met, met_when_given, met_when_sent
from microflow_runtime.model.business_object import Field
from microflow_runtime.model.type_ref import TypeRef

ONE, LISTED = TypeRef("integer"), TypeRef("integer", is_list=True)
MAYBE = TypeRef("integer", is_optional=True)


def field(kind: str | TypeRef = "integer", **attributes: Any) -> Field:
    """Make a field; a type without marks may be given by its name."""
    return Field(name="f", type=TypeRef(kind) if isinstance(kind, str) else kind, **attributes)


def told(found: list[Met]) -> list[tuple[str, bool]]:
    """Leave the sentences out."""
    return [(kind, breaking) for kind, breaking, _ in found]


SENT = [
    (None, field(), [("added", True)]),
    (None, field(MAYBE), [("added", False)]),
    (None, field(default=5), [("added", False)]),
    (None, field(LISTED), [("added", False)]),
    (field(), None, [("removed", False)]),
    (field(), field("decimal"), [("type", False)]),
    (field("decimal"), field(), [("type", True)]),
    (field("date"), field("string"), [("type", False)]),
    (field("date"), field("date-time"), [("type", False)]),
    (field("date-time"), field("date"), [("type", True)]),
    (field("string"), field("date"), [("type", True)]),
    (field("date"), field("string", max_length=4), [("type", False), ("limits", True)]),
    (field(), field("Line"), [("type", True)]),
    (field("Line"), field("Row"), []),
    (field(), field(LISTED), [("list", True)]),
    (field(LISTED), field(), [("list", True)]),
    (field(LISTED), field(TypeRef("integer", is_list=True, is_optional=True)), []),
    (field(), field(MAYBE), [("required", False)]),
    (field(MAYBE), field(), [("required", True)]),
    (field(default=5), field(), [("required", True)]),
    (field(), field(default=5), [("required", False)]),
    (field(MAYBE), field(default=5), [("default", False)]),
    (field(default=5), field(MAYBE), [("default", False)]),
    (field(default=5), field(default=6), [("default", False)]),
    (field(LISTED), field(LISTED, default=[1]), [("default", False)]),
    (field(default=5), field(default=5), []),
    (field(), field(sensitive=True), [("sensitive", False)]),
    (field(sensitive=True), field(), [("sensitive", False)]),
    (field(), field(minimum="1"), [("limits", True)]),
    (field(minimum="1"), field(), [("limits", False)]),
    (field(description="a"), field(description="b"), []),
]
GIVEN = [
    (None, field(), [("added", False)]),
    (field(MAYBE), None, [("removed", True)]),
    (field(), field("decimal"), [("type", True)]),
    (field("decimal"), field(), [("type", False)]),
    (field("date"), field("string"), [("type", True)]),
    (field("string"), field("date"), [("type", False)]),
    (field("string", max_length=4), field("date"), [("type", False), ("limits", True)]),
    (field("date-time"), field("date"), [("type", True)]),
    (field("date"), field("date-time"), [("type", True)]),
    (field("Line"), field(), [("type", True)]),
    (field("Line"), field("Row"), []),
    (field(), field(LISTED), [("list", True)]),
    (field(LISTED), field(), [("list", True)]),
    (field(), field(MAYBE), [("required", True)]),
    (field(MAYBE), field(), [("required", False)]),
    (field(default=5), field(MAYBE), [("required", True)]),
    (field(MAYBE), field(default=5), [("required", False)]),
    (field(), field(default=5), [("default", False)]),
    (field(default=5), field(), [("default", False)]),
    (field(default=5), field(default=6), [("default", False)]),
    (field(), field(minimum="1"), [("limits", False)]),
    (field(minimum="1"), field(), [("limits", True)]),
    (field(), field(sensitive=True), [("sensitive", False)]),
    (field(), field(), []),
]


@pytest.mark.parametrize(("old", "new", "expected"), SENT)
def test_what_a_sender_meets(old: Field | None, new: Field | None, expected: list[tuple[str, bool]]) -> None:
    """Of a field that is sent, what breaks is whatever an old caller's value could fail at."""
    assert told(list(met_when_sent(old, new))) == expected


@pytest.mark.parametrize(("old", "new", "expected"), GIVEN)
def test_what_a_reader_meets(old: Field | None, new: Field | None, expected: list[tuple[str, bool]]) -> None:
    """Of a field that is given, what breaks is whatever an old caller could not have been given before."""
    assert told(list(met_when_given(old, new))) == expected


def test_a_sentence_says_what_was_what_is_and_what_to_do() -> None:
    """A tightened limit is told with both limits and what callers have to do."""
    (met,) = met_when_sent(field(minimum="0"), field(minimum="1", maximum="9"))
    assert met.told == "took at least 0 and takes 1 to 9: callers must keep to it."


def test_the_default_of_a_sensitive_field_is_not_told() -> None:
    """A default may be as secret as the values it stands for."""
    found = [met.told for met in met_when_sent(field("string"), field("string", default="hunter2", sensitive=True))]
    assert found[0] == "was required and may be left out: without it a masked default stands for it."
    assert not any("hunter2" in sentence for sentence in found)


def test_a_long_default_is_shortened() -> None:
    """A default of a thousand letters does not fill the list."""
    (met,) = met_when_sent(None, field("string", default="x" * 1000))
    assert len(met.told) < 160
