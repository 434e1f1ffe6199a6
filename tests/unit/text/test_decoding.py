"""Whole texts from bytes."""

import pytest

from microflow_runtime.text import BrokenText, decode, find_encoding, header_text, to_utf8
from microflow_runtime.text.encodings import NAMES


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("label", ["utf-8", "windows-874", "utf-16be"])
def test_a_mark_is_stronger_than_what_is_declared(codec: str, label: str) -> None:
    """It is skipped, and says what the text is in."""
    content = "กa".encode(codec)
    assert decode(content, find_encoding(label)) == "กa"
    assert to_utf8(content, find_encoding(label)) == "กa".encode()


@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("label", ["utf-16", "utf-32"])
@pytest.mark.parametrize("text", ["{}", "<a>", "aก", ""])
def test_without_a_mark_the_order_shows_itself(order: str, label: str, text: str) -> None:
    """By the zero bytes of the first character, as every JSON and XML begins with one of ASCII."""
    assert decode(text.encode(f"{label}-{order}"), find_encoding(label)) == text


@pytest.mark.parametrize(
    ("content", "label", "told"),
    [
        (b"abc\xff", "utf-8", "is not UTF-8: a wrong byte at position 3"),
        (b"\xef\xbb\xbfab\xff", "utf-8", "is not UTF-8: a wrong byte at position 5"),
        (b"ab\xe0\xb8", "utf-8", "is not UTF-8: a wrong byte at position 2"),
        (b"\xed\xa0\x80", "utf-8", "is not UTF-8: a wrong byte at position 0"),
        (b"ab\xff", "windows-874", "is not windows-874: a wrong byte at position 2"),
        (b"ab\x80", "us-ascii", "is not US-ASCII: a wrong byte at position 2"),
        (b"\x81", "iso-8859-1", "is not ISO-8859-1: a wrong byte at position 0"),
        (b"\xff\xfea\0b", "utf-8", "is not UTF-16: a wrong byte at position 4"),
        (b"a\0\0\xd8", "utf-16le", "is not UTF-16: a wrong byte at position 2"),
    ],
)
def test_a_wrong_byte_is_named(content: bytes, label: str, told: str) -> None:
    """By its position in what came, and never replaced."""
    for read in (decode, to_utf8):
        with pytest.raises(BrokenText) as caught:
            read(content, find_encoding(label))
        assert caught.value.reason == told


@pytest.mark.parametrize(
    ("content", "label", "text"),
    [
        (b"\xa1\x85\xa0", "tis-620", "ก…\xa0"),
        (b"\xa1\x85", "iso-8859-11", "ก…"),
        (b"\x80\xe9", "iso-8859-1", "€é"),
        (b"\xa4", "iso-8859-15", "€"),
        (b"\x87\x40", "shift_jis", "①"),
        (b"\x80\xa1", "gb18030", None),
    ],
)
def test_what_real_senders_mean(content: bytes, label: str, text: str | None) -> None:
    """Thai and Latin 1 come with the further characters of Windows, whatever the sender calls them."""
    if text is None:
        with pytest.raises(BrokenText):
            decode(content, find_encoding(label))
    else:
        assert decode(content, find_encoding(label)) == text


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_is_a_text_or_refused(name: str) -> None:
    """No byte of any encoding becomes the sign of a replaced one, and nothing but BrokenText is raised."""
    for byte in range(256):
        try:
            assert "\ufffd" not in decode(bytes((byte, 0x41, 0x41, 0x41)), find_encoding(name))
        except BrokenText:
            continue


def test_headers() -> None:
    """Raw UTF-8 is read as such; what is none is Latin 1."""
    assert [header_text(value) for value in (b"a", "ก".encode(), b"\xe9")] == ["a", "ก", "é"]
