"""Tests of documents: their values, their places and their kept form."""

import time
from decimal import Decimal

import pytest

from microflow_runtime.compiler.reading.documents import MAX_DOCUMENT_BYTES, Document, dump, formula_of, load, parse
from microflow_runtime.errors import Place

FLOW = """\
microflow: ถามราคา 😀
nodes:
  Known customer?:
    links:
      - {label: known, when: = RequestBO.customer != null, to: "End"}
    in:
      a: |  # a remark
        = if x
          then 1.50
          else y
      b: 'it''s = so'
      c: >
        = folded
        over lines
"""


def read(text: str) -> Document:
    """Read a flow that has no faults."""
    document, faults = parse("microflow", "f.yaml", text.encode())
    assert faults == ()
    assert document is not None
    return document


def spot(document: Document, place: Place) -> str:
    """Give the characters at a place."""
    return document.line_text(place.line)[place.column - 1 : place.end_column - 1]


@pytest.mark.parametrize(
    ("path", "word"),
    [
        (("nodes", "Known customer?", "links", 0, "when"), "!="),
        (("nodes", "Known customer?", "links", 0, "to"), "End"),
        (("nodes", "Known customer?", "in", "a"), "then"),
        (("nodes", "Known customer?", "in", "a"), "y"),
        (("nodes", "Known customer?", "in", "b"), "so"),
        (("nodes", "Known customer?", "in", "c"), "lines"),
        (("microflow",), "😀"),
    ],
)
def test_a_part_of_a_text_has_its_exact_place(path: tuple[str | int, ...], word: str) -> None:
    """A span inside a value leads to the same characters in the file."""
    document = read(FLOW)
    start = document.value_at(path).index(word)
    assert spot(document, document.place_in_text(path, start, start + len(word))) == word


def test_a_part_of_a_formula_has_its_exact_place() -> None:
    """Offsets of a formula begin after its `=`."""
    document = read(FLOW)
    path = ("nodes", "Known customer?", "links", 0, "when")
    formula = formula_of(document.value_at(path))
    assert formula == " RequestBO.customer != null"
    start = formula.index("customer")
    assert spot(document, document.place_in_formula(path, start, start + 8)) == "customer"


def test_keys_and_values_have_places() -> None:
    """A key and its value are told apart, and lines and columns count from one."""
    document = read(FLOW)
    assert document.place_of_key(("nodes", "Known customer?")) == Place("f.yaml", 3, 3, 18)
    assert document.place_of(("microflow",)) == Place("f.yaml", 1, 12, 21)


def test_a_path_that_is_not_there_stands_for_what_is_above_it() -> None:
    """The place of a missing value is that of the nearest value that exists."""
    document = read(FLOW)
    assert document.place_of(("nodes", "Known customer?", "out", "x")) == document.place_of(
        ("nodes", "Known customer?")
    )
    assert document.place_of_key(("no", "such")) == document.place_of(())


def test_line_ends_of_windows_do_not_shift_places() -> None:
    """A file with carriage returns has the same places."""
    unix, windows = read(FLOW), read(FLOW.replace("\n", "\r\n"))
    path = ("nodes", "Known customer?", "in", "a")
    assert unix.data == windows.data
    assert unix.place_in_text(path, 9, 13) == windows.place_in_text(path, 9, 13)
    assert unix.line_text(9) == windows.line_text(9)


def test_a_byte_order_mark_is_no_character() -> None:
    """A file that begins with a byte order mark reads as without it."""
    document, faults = parse("app", "a.yaml", b"\xef\xbb\xbfapp: Demo\n")
    assert faults == ()
    assert document is not None
    assert document.place_of_key(("app",)) == Place("a.yaml", 1, 1, 4)


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        (b"a: 1\nb: \xff\n", "MF-D002", 2, 4),
        ("a: 1\nก: \x07\n".encode(), "MF-D002", 2, 4),
        (b"a: x\xe2\x80\xa8y\n", "MF-D002", 1, 5),
        (b"a: x\xc2\x85y\n", "MF-D002", 1, 5),
        (b"a: '" + b"x" * MAX_DOCUMENT_BYTES + b"'", "MF-D003", 1, 1),
        ("a: 1\n".encode("utf-16"), "MF-D002", 1, 1),
    ],
)
def test_bytes_that_are_no_text(content: bytes, code: str, line: int, column: int) -> None:
    """Bad encoding, control characters and size are faults with a place, and there is no document."""
    document, faults = parse("app", "a.yaml", content)
    assert document is None
    assert faults[0].code == code
    assert faults[0].place is not None
    assert (faults[0].place.line, faults[0].place.column) == (line, column)


def test_a_fault_carries_its_line() -> None:
    """The line of the fault comes with it, for the caret."""
    _, faults = parse("app", "a.yaml", b"app: Demo\nversion: 'v1\n\n\n")
    assert [(fault.code, fault.source_line) for fault in faults] == [("MF-D001", "version: 'v1")]
    _, faults = parse("app", "a.yaml", b"app: Demo\napp: Other\n")
    assert [(fault.code, fault.source_line) for fault in faults] == [("MF-D004", "app: Other")]


def test_hostile_repetition_gives_a_bounded_number_of_faults() -> None:
    """A file of nothing but duplicates does not fill the memory with faults."""
    _, faults = parse("app", "a.yaml", b"a: 1\n" * 100_000)
    assert len(faults) == 200


def test_the_kept_form_gives_the_same_document() -> None:
    """Numbers keep their digits and kinds, and places still work."""
    document = read("a: [1, 1.50, 1e3, 5., 0.10, -0.0, 123456789012345678901234567890, true, null, no, 'x']\n")
    again = load(dump(document), "elsewhere.yaml")
    assert again.data == document.data
    assert [str(item) for item in again.data["a"]] == [str(item) for item in document.data["a"]]
    assert [type(item) for item in again.data["a"]] == [type(item) for item in document.data["a"]]
    assert isinstance(again.data["a"][1], Decimal)
    assert again.place_of(("a", 1)).file == "elsewhere.yaml"
    assert again.content_hash == document.content_hash


@pytest.mark.parametrize("damaged", [b"", b"[]", b'["app","p","h",{}]', b"\xff", b"[" * 100_000])
def test_a_damaged_kept_form_is_an_error_of_value(damaged: bytes) -> None:
    """What is no kept form is told by one kind of error."""
    with pytest.raises(ValueError, match="kept document"):
        load(damaged)


def test_ten_thousand_kept_documents_load_in_two_seconds() -> None:
    """The cache is what makes a start quick: a document of a flow takes well under 0.2 ms."""
    kept = dump(read(FLOW * 1))
    begun = time.perf_counter()
    for _ in range(10_000):
        load(kept)
    assert time.perf_counter() - begun < 2
