"""Tests of rendering faults for people."""

import re

import pytest

from microflow_runtime.cli.faults import MAX_LINE_WIDTH, RENDERERS, color_wanted, render
from microflow_runtime.errors import Fault, Place

FAULT = Fault(
    code="MF-D010",
    message="`fields.b` has no key `deflt`",
    place=Place("apps/Demo/business_objects/B.yaml", 12, 29, 34),
    source_line='  b: {type: string, min: 1, deflt: "x"}',
    expected="default, max",
    found="deflt",
    help="did you mean `default`?",
    declared=Place("apps/Demo/business_objects/B.yaml", 3, 1, 5),
    replacement="default",
)
WARNING = Fault(code="MF-D032", message="It is not read", place=Place("a.yml", 1, 1, 2), is_error=False)


def test_a_fault_in_full() -> None:
    """Code and sentence, place, line with caret, where declared, help, the page of the code."""
    assert render([FAULT]) == (
        "MF-D010 `fields.b` has no key `deflt`\n"
        "  --> apps/Demo/business_objects/B.yaml:12:29\n"
        "   |\n"
        '12 |   b: {type: string, min: 1, deflt: "x"}\n'
        "   |                             ^^^^^\n"
        "   = expected: default, max\n"
        "   = found: deflt\n"
        "   = declared at: apps/Demo/business_objects/B.yaml:3:1\n"
        "   = help: did you mean `default`?\n"
        "   = see: docs/reference/errors.md#mf-d010\n"
        "\n"
        "1 fault.\n"
    )


def test_a_fault_without_place_or_line() -> None:
    """A fault of a whole app has no line to show."""
    assert (
        render([Fault(code="MF-D030", message="No app")])
        == "MF-D030 No app\n  = see: docs/reference/errors.md#mf-d030\n\n1 fault.\n"
    )


def test_faults_and_warnings_are_counted_apart() -> None:
    """A warning says that it is one, and the last line tells how many there are of each."""
    text = render([FAULT, FAULT, WARNING])
    assert "MF-D032 warning: It is not read\n" in text
    assert text.endswith("\n2 faults and 1 warning.\n")
    assert render([]) == "No faults.\n"


def test_one_line_each() -> None:
    """The concise form is for grep and editors."""
    assert render([FAULT, WARNING], "concise").splitlines() == [
        "apps/Demo/business_objects/B.yaml:12:29: MF-D010 `fields.b` has no key `deflt` (did you mean `default`?)",
        "a.yml:1:1: MF-D032 It is not read",
    ]
    assert render([], "concise") == ""


@pytest.mark.parametrize(
    ("line", "word", "columns"),
    [("  ชื่อที่: ผิด", "ผิด", 7), ("漢字: x", "x", 6), ("\tkey: x", "x", 9), ("a\u200db: x", "x", 4)],
)
def test_the_caret_stands_under_the_place(line: str, word: str, columns: int) -> None:
    """Marks above letters take no column of a terminal, wide letters two, a tab four."""
    start = line.index(word)
    text = render(
        [Fault(code="MF-D012", message="m", place=Place("f", 1, start + 1, start + 1 + len(word)), source_line=line)]
    )
    caret = next(row for row in text.splitlines() if "^" in row)
    assert caret.index("^") - caret.index("|") - 2 == columns


def test_a_long_line_is_cut_around_the_place_and_says_so() -> None:
    """A page-long formula shows the part that is wrong, between dots."""
    line = "x" * 5000 + "WRONG" + "y" * 5000
    text = render([Fault(code="MF-D012", message="m", place=Place("f", 1, 5001, 5006), source_line=line)])
    shown = next(row for row in text.splitlines() if "WRONG" in row)
    caret = next(row for row in text.splitlines() if "^" in row)
    assert len(shown) <= MAX_LINE_WIDTH + 10
    assert shown.startswith("1 | …")
    assert shown.endswith("…")
    assert shown.index("WRONG") == caret.index("^")


@pytest.mark.parametrize("output", list(RENDERERS))
@pytest.mark.parametrize("color", [True, False])
def test_control_characters_never_reach_the_terminal(output: str, color: bool) -> None:
    """What stands in a file cannot move the cursor, colour the text, turn its direction or begin a new line."""
    evil = "a\x1b[2J\x9b2J\u202e\x07\r\n::error::b"
    fault = Fault(
        code="MF-D012", message=evil, place=Place(evil, 1, 1, 3), source_line=evil, expected=evil, found=evil, help=evil
    )
    text = re.sub(r"\x1b\[[0-9;]*m", "", render([fault], output, color=color))
    assert not set(text) & set("\x1b\x9b\u202e\x07\r")
    assert not any(line.startswith("::error::") for line in text.splitlines())


def test_color_is_only_colour() -> None:
    """The coloured text without its colours is the plain text."""
    colored = render([FAULT, WARNING], color=True)
    assert "\x1b[1;31m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render([FAULT, WARNING])


@pytest.mark.parametrize(
    ("environ", "is_terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_no_color_is_honoured(environ: dict[str, str], is_terminal: bool, wanted: bool) -> None:
    """Colour is for terminals, and NO_COLOR turns it off when it holds anything."""
    assert color_wanted(environ, is_terminal=is_terminal) is wanted


def test_an_unknown_output_is_an_error() -> None:
    """The command line offers the names of the table; anything else is a mistake of the caller."""
    with pytest.raises(KeyError):
        render([], "yaml")
