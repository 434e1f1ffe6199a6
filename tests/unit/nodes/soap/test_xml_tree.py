"""XML as a tree, bounded."""

import tracemalloc

import pytest

from microflow_runtime.nodes.soap.xml_tree import BrokenXml, read_tree


def test_a_tree() -> None:
    """Names, namespaces, attributes, texts and nil are told."""
    root = read_tree(
        b'<a xmlns="urn:a" xmlns:b="urn:b" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">x<b:c d="1" b:e="2">y&amp;</b:c>z<n i:nil="1"/></a>'
    )
    assert (root.namespace, root.name, root.text) == ("urn:a", "a", "xz")
    inner = root.find("c", "urn:b")
    assert inner is not None
    assert inner.attributes == {("", "d"): "1", ("urn:b", "e"): "2"}
    assert inner.text == "y&"
    assert root.find("c", "urn:a") is None
    assert [child.is_nil for child in root.children] == [False, True]
    assert inner.expanded("b:q") == ("urn:b", "q")
    assert inner.expanded("q") == ("urn:a", "q")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "is not XML"),
        (b"<a>", "is not XML"),
        (b"<a/><b/>", "is not XML"),
        (b"<!DOCTYPE a><a/>", "has a DTD"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x"><a/>', "has a DTD"),
        (
            '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"),
            "has a DTD",
        ),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a><a/>', ""),
        (b"<a>" * 65 + b"</a>" * 65, "more than 64 levels"),
        (b"<a>" + b"<b/>" * 500_000 + b"</a>", "500000 elements"),
        (b"<a>&b;</a>", "is not XML"),
    ],
)
def test_what_is_refused(body: bytes, word: str) -> None:
    """A DTD in any encoding, depth, number and what is no XML are refused with the reason."""
    with pytest.raises(BrokenXml) as caught:
        read_tree(body)
    assert word in caught.value.reason


def test_many_prefixes_cost_what_they_are() -> None:
    """Prefixes around and inside do not multiply: a document full of them is read in a moment and a bounded memory."""
    around = "".join(f' xmlns:p{index}="urn:{index}"' for index in range(5_000))
    inside = "".join(f'<b xmlns:q{index}="urn:q"/>' for index in range(50_000))
    tracemalloc.start()
    try:
        root = read_tree(f"<a{around}>{inside}</a>".encode())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * 1024 * 1024
    assert root.children[-1].expanded("p4999:x") == ("urn:4999", "x")
    assert root.children[-1].expanded("q49999:x") == ("urn:q", "x")
    assert root.children[-1].expanded("q0:x") == ("", "x")
