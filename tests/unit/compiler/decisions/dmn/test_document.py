"""Reading XML with places: what is taken, and what is not."""

import pytest
from tests.unit.dmn_files import HARM

from microflow_runtime.compiler.decisions.dmn import BrokenFileError, read_document
from microflow_runtime.errors import Place


def test_elements_know_their_places() -> None:
    """Lines and columns count from 1, columns in characters."""
    document = read_document("a.dmn", '<a>\n  <é x=" 1 "/><text>é\n&lt;b</text>\n</a>'.encode())
    first, second = document.root.children
    assert document.place_of((0,)) == Place("a.dmn", 2, 3, 5)
    assert first.get("x") == "1"
    assert first.get("y") == ""
    assert second.text == "é\n<b"
    assert document.place_of_key((1,)) == Place("a.dmn", 2, 15, 20)
    assert document.place_in_formula((1,), 0, 1) == Place("a.dmn", 2, 21, 22)
    assert document.place_in_formula((1,), 2, 3) == Place("a.dmn", 3, 1, 2)
    assert document.place_in_formula((1,), 3, 4) == Place("a.dmn", 3, 5, 6)
    assert document.place_in_formula((0,), 3, 4) == document.place_of((0,))
    assert document.line_text(2) == '  <é x=" 1 "/><text>é'
    assert document.line_text(99) == ""


def test_elements_of_other_namespaces_are_apart() -> None:
    """Those of a modeler's own say nothing."""
    document = read_document("a.dmn", b'<a xmlns="n" xmlns:o="other"><o:b/><b id="mine"/></a>')
    assert [each.get("id") for each in document.root.named("b")] == ["mine"]
    found = document.root.find("b")
    assert found is not None
    assert found.namespace == "n"
    assert document.root.find("c") is None


@pytest.mark.parametrize("kind", list(HARM))
def test_harm_is_refused_with_its_place(kind: str) -> None:
    """Before anything of it is expanded or fetched."""
    with pytest.raises(BrokenFileError) as caught:
        read_document("a.dmn", HARM[kind])
    assert caught.value.line >= 1
    assert caught.value.column >= 1


@pytest.mark.parametrize("cut", range(0, 120, 7))
def test_a_file_that_ends_early_is_no_file(cut: int) -> None:
    """Wherever it was cut."""
    content = b'<?xml version="1.0"?><definitions xmlns="n"><decision name="a"><literalExpression><text>1</text></literalExpression>'
    with pytest.raises(BrokenFileError):
        read_document("a.dmn", content[:cut])
