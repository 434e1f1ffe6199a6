"""Names of files: what is one, and how an error shows one."""

import pytest

from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.files.names import failure, parts_of


def test_a_name_has_parts() -> None:
    """In any script, with blanks and dots that are no way out; what looks like something else is a name."""
    assert parts_of("a/ข้อมูล 1/..c.csv") == ("a", "ข้อมูล 1", "..c.csv")
    assert parts_of("${HOME}/{{x}}/~") == ("${HOME}", "{{x}}", "~")
    assert parts_of("-rf") == ("-rf",)


@pytest.mark.parametrize("name", ["", "/", "a/../b", "..", "./a", "a/.", "//a", "a\tb", "a\x7f", "\ud800", "x" * 1025])
def test_what_is_no_name_is_refused(name: str) -> None:
    """As `file`, with the name shown in a form that no log minds."""
    with pytest.raises(NodeError) as caught:
        parts_of(name)
    assert caught.value.kind == "file"
    assert str(caught.value.data["file"]).isprintable()


def test_a_long_name_is_shown_in_short() -> None:
    """An error stays readable."""
    assert len(failure("x" * 1000, "is long").message) < 200
