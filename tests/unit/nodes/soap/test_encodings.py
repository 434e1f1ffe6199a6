"""Envelopes and documents in the encodings of real services."""

import pytest
from tests.unit.nodes.soap.billing import envelope
from tests.unit.nodes.soap.test_messages import WSDL, service

from microflow_runtime.engine.http import HttpReply
from microflow_runtime.errors import NodeError
from microflow_runtime.nodes.soap.answers import read_answer
from microflow_runtime.nodes.soap.choice import Chosen, choose
from microflow_runtime.nodes.soap.documents import WsdlFault, gather_files
from microflow_runtime.nodes.soap.live import _get
from microflow_runtime.nodes.soap.wsdl import read_wsdl

_TYPES = '<xs:element name="Do" type="xs:string"/>'
_REPLY = envelope('<Do xmlns="urn:t">กข</Do>').decode()


def _answer(chosen: Chosen, body: bytes, content_type: str) -> object:
    return read_answer(
        HttpReply(status=200, headers={"content-type": content_type}, body=body), chosen, {}, repeats=True
    )


@pytest.mark.parametrize(
    ("declared", "content_type", "codec"),
    [
        ("", "text/xml", "utf-8-sig"),
        ("", "text/xml; charset=windows-874", "cp874"),
        ("TIS-620", "text/xml", "cp874"),
        ("utf-16", "text/xml; charset=utf-8", "utf-8"),
        ("UTF-8", "text/xml; charset=utf-16", "utf-16-be"),
    ],
)
def test_replies(declared: str, content_type: str, codec: str) -> None:
    """A mark, the charset and the declaration count, in this order."""
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = _REPLY[_REPLY.index("?>") + 2 :] if _REPLY.startswith("<?xml") else _REPLY
    assert _answer(service(_TYPES), (head + text).encode(codec), content_type) == {"Do": "กข"}


@pytest.mark.parametrize(
    ("body", "content_type", "told"),
    [
        (b"<a>\xff</a>", "text/xml", "the reply is not UTF-8: a wrong byte at position 3."),
        (b"<a/>", "text/xml; charset=windows-875", 'not known: "windows-875" (did you mean "windows-874"?).'),
    ],
)
def test_replies_that_cannot_be_read(body: bytes, content_type: str, told: str) -> None:
    """They are errors of the reply that say why."""
    with pytest.raises(NodeError) as caught:
        _answer(service(_TYPES), body, content_type)
    assert caught.value.kind == "soap.reply"
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("declared", "codec"), [("TIS-620", "cp874"), ("windows-874", "cp874"), ("UTF-16", "utf-16-be")]
)
def test_a_wsdl_in_another_encoding(declared: str, codec: str) -> None:
    """Both of its parsers read it by the one table."""
    text = WSDL.replace("TYPES", _TYPES.replace("/>", "><!-- กข --></xs:element>")).replace("STYLE", "document")
    text = f'<?xml version="1.0" encoding="{declared}"?>' + text.replace("PARTS", '<part name="p" element="t:Do"/>')
    content = text.encode(codec)
    assert choose(read_wsdl(gather_files("files/a.wsdl", (), lambda _: content)), "Do", "", "").operation.name == "Do"


async def test_a_wsdl_of_a_server() -> None:
    """The charset of its reply counts."""
    got = HttpReply(status=200, headers={"content-type": "text/xml; charset=tis-620"}, body=b"<a>\xa1</a>")

    async def fetch(_path: str, _query: str) -> HttpReply:
        return got

    assert await _get(fetch, "/a?wsdl") == "<a>ก</a>".encode()
    got = HttpReply(status=200, headers={}, body=b"<a>\xa1</a>")
    with pytest.raises(WsdlFault, match="is not UTF-8: a wrong byte at position 3"):
        await _get(fetch, "/a?wsdl")
