"""XML in whatever it comes in."""

from io import BytesIO
from xml.parsers import expat

import pytest

from microflow_runtime.text import BrokenText, find_encoding, open_xml, xml_in_utf8

_DOCUMENT = '<?xml version="1.0" encoding="{}" standalone="yes"?>\n<a>กข</a>'


@pytest.mark.parametrize(
    ("declared", "codec", "charset"),
    [
        ("UTF-8", "utf-8", None),
        ("utf8", "utf-8", None),
        ("UTF-8", "utf-8-sig", None),
        ("TIS-620", "cp874", None),
        ("windows-874", "cp874", None),
        ("iso-8859-11", "cp874", None),
        ("utf-16", "utf-16", None),
        ("UTF-16", "utf-16-be", None),
        ("UTF-16LE", "utf-16-le", None),
        ("UTF-32", "utf-32-be", None),
        ("utf-16", "utf-8", None),
        ("utf-8", "cp874", "windows-874"),
        ("klingon", "utf-8", "utf-8"),
        ("klingon", "utf-8-sig", "windows-874"),
    ],
)
def test_documents_come_in_utf8(declared: str, codec: str, charset: str | None) -> None:
    """By mark, content type, zero bytes and declaration, in this order; lines and columns stay as they were."""
    text = _DOCUMENT.format(declared)
    content = text.encode(codec)
    found = xml_in_utf8(content, find_encoding(charset) if charset else None)
    assert found.decode().index("<a>") >= text.index("<a>")
    assert xml_in_utf8(found) == found
    texts: list[str] = []
    parser = expat.ParserCreate()
    parser.CharacterDataHandler = texts.append
    parser.Parse(found, True)
    assert "".join(texts) == "กข"
    if charset is None:
        assert open_xml(BytesIO(content)).read(1_000) == text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<a>\xff</a>", "is not UTF-8: a wrong byte at position 3"),
        (b'<?xml version="1.0" encoding="tis-620"?><a>\xff</a>', "is not TIS-620: a wrong byte at position 43"),
        (b"<?xml version='1.0' encoding='tis-621'?><a/>", 'has an encoding that is not known: "tis-621" (did you mean'),
        (b'<?xml version="1.0" encoding="unicode_escape"?><a/>', "has an encoding that is not known"),
        (b'<?xml version="1.0" encoding="a\xffb"?><a/>', "has an encoding that is not known"),
    ],
)
def test_what_cannot_be_read(content: bytes, told: str) -> None:
    """A wrong byte by its position, an unknown encoding by its name; whole and in pieces alike."""
    with pytest.raises(BrokenText) as caught:
        xml_in_utf8(content)
    assert caught.value.reason.startswith(told)
    with pytest.raises(BrokenText) as caught:
        open_xml(BytesIO(content)).read(1_000)
    assert caught.value.reason.startswith(told)
