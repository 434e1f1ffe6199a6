"""Whether what one field lets pass is let pass by another."""

from typing import Any

import pytest

from microflow_runtime.compiler.impact.limits import limits_fit, limits_text, same_limits
from microflow_runtime.model.business_object import Field
from microflow_runtime.model.type_ref import TypeRef


def field(kind: str = "string", *, is_list: bool = False, **attributes: Any) -> Field:
    """Make a field."""
    return Field(name="f", type=TypeRef(kind, is_list), **attributes)


FIT = [
    (field(), field()),
    (field("integer", minimum="1"), field("integer", minimum="0")),
    (field("integer", minimum="0.5"), field("decimal", minimum="1")),
    (field("integer", maximum="9.5"), field("decimal", maximum="9")),
    (field("decimal", minimum="1.0"), field("decimal", minimum="1")),
    (field("integer", one_of=("1", "2")), field("integer", minimum="0", maximum="2")),
    (field("integer", one_of=("1", "2.0")), field("decimal", one_of=("2", "1", "3"))),
    (field("integer", one_of=("1", "20"), maximum="10"), field("integer", maximum="5")),
    (field(one_of=("AB", "CD")), field(pattern="[A-Z]{2}")),
    (field(one_of=("AB", "CD")), field(min_length=2, max_length=2)),
    (field(pattern="a+", max_length=3), field(pattern="a+")),
    (field(min_length=0), field()),
    (field(max_length=3), field(max_length=4)),
    (field(is_list=True, min_length=1, pattern="a"), field(is_list=True, pattern="a")),
    (field(is_list=True, one_of=("aaaa",), max_length=2), field(is_list=True, max_length=3)),
]
UNFIT = [
    (field("integer", minimum="0"), field("integer", minimum="1")),
    (field("decimal", minimum="0.5"), field("decimal", minimum="1")),
    (field("integer"), field("integer", maximum="1")),
    (field("integer", one_of=("1", "2")), field("integer", one_of=("1",))),
    (field("integer"), field("integer", one_of=("1",))),
    (field(one_of=("AB", "C")), field(pattern="[A-Z]{2}")),
    (field(), field(pattern="a")),
    (field(pattern="a"), field(pattern="a|b")),
    (field(), field(min_length=1)),
    (field(max_length=4), field(max_length=3)),
    (field(is_list=True), field(is_list=True, max_length=1)),
    (field(is_list=True), field(is_list=True, pattern="a")),
    (field(is_list=True, one_of=("a",)), field(is_list=True, max_length=1)),
]


@pytest.mark.parametrize(("narrow", "wide"), FIT)
def test_narrower_limits_fit(narrow: Field, wide: Field) -> None:
    """Whatever the narrower field lets pass, the wider one does, whichever limits say so."""
    assert limits_fit(narrow, wide)


@pytest.mark.parametrize(("narrow", "wide"), UNFIT)
def test_what_might_not_pass_does_not_fit(narrow: Field, wide: Field) -> None:
    """A value that could be stopped, and a pattern that nobody can compare, count as not fitting."""
    assert not limits_fit(narrow, wide)


def test_limits_are_the_same_however_they_are_written() -> None:
    """1 and 1.0 bound alike, and the order of choices says nothing."""
    assert same_limits(field("decimal", minimum="1"), field("decimal", minimum="1.0"))
    assert same_limits(field(one_of=("a", "b")), field(one_of=("b", "a")))
    assert not same_limits(field(one_of=("a",)), field(one_of=("b",)))


def test_limits_are_told_to_people() -> None:
    """Every limit has its words, and lengths of a list count items."""
    everything = field(minimum="0", maximum="9", min_length=1, max_length=5, pattern="[a-z]+", one_of=("a", "b"))
    assert limits_text(everything) == "0 to 9, 1 to 5 characters, text of the form `[a-z]+`, one of a, b"
    assert limits_text(field("integer", minimum="1")) == "at least 1"
    assert limits_text(field("integer", maximum="9")) == "at most 9"
    assert limits_text(field(min_length=1)) == "at least 1 character"
    assert limits_text(field(min_length=3, max_length=3)) == "3 characters"
    assert limits_text(field(is_list=True, max_length=3)) == "at most 3 items"
    assert limits_text(field(min_length=0)) == "any value"
