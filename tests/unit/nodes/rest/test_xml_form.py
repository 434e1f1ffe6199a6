"""XML in and out, without what XML can do to a reader."""

from decimal import Decimal
from typing import Any

import pytest

from microflow_runtime.errors import NodeError
from microflow_runtime.nodes.rest.xml_form import read_xml, write_xml


def test_a_document_becomes_a_context() -> None:
    """Elements by local names, lists where they come twice, attributes and text beside them under their own keys."""
    body = """<?xml version="1.0" encoding="UTF-8"?>
    <r:rates xmlns:r="urn:x" at="2026-05-19"><!-- no --><r:rate c="USD">1.10</r:rate>
    <rate c="EUR"/><rate>3</rate><note>a &amp; <![CDATA[<b>]]></note><empty/></r:rates>"""
    assert read_xml(body.encode()) == {
        "rates": {
            "@at": "2026-05-19",
            "rate": [{"@c": "USD", "#text": "1.10"}, {"@c": "EUR"}, "3"],
            "note": "a & <b>",
            "empty": None,
        }
    }


BOMB = '<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><b>&b;</b>'


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd"><r/>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
        "<r>&nothing;</r>",
        "<r>",
        "<r></s>",
        "",
        "text",
        "<a>" * 65 + "</a>" * 65,
        "<a>" * 100_000,
        '<?xml version="1.0" encoding="bogus-9"?><r/>',
    ],
)
def test_documents_that_are_refused(body: str) -> None:
    """A DTD, entities, depth and what is no XML are errors of the reply."""
    with pytest.raises(NodeError) as caught:
        read_xml(body.encode())
    assert caught.value.kind == "http.reply"


def test_a_context_becomes_a_document() -> None:
    """Values are escaped, lists are repeated, null is an empty element, numbers are plain."""
    value = {
        "rates": {
            "@at": 'a"b<&',
            "rate": [{"@c": "USD", "#text": Decimal("1E+2")}, "]]><x/>&"],
            "none": None,
            "left out": [],
        }
    }
    del value["rates"]["left out"]
    assert write_xml(value).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><rates at=\'a"b&lt;&amp;\'><rate c="USD">100</rate>'
        "<rate>]]&gt;&lt;x/&gt;&amp;</rate><none/></rates>"
    )
    assert read_xml(write_xml(value))["rates"]["rate"][1] == "]]><x/>&"


@pytest.mark.parametrize(
    "value",
    [
        None,
        "x",
        {},
        {"a": 1, "b": 2},
        {"a b": "x"},
        {"a": {"x><y": "1"}},
        {"a": {"@on x=": "1"}},
        {"a": "\x00"},
        {"a": ["1", "2"]},
    ],
)
def test_values_that_are_no_document(value: Any) -> None:
    """Several roots, names that are none and characters that XML does not have are errors of the request."""
    with pytest.raises(NodeError) as caught:
        write_xml(value)
    assert caught.value.kind == "http.request"
