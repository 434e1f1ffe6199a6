"""Texts in pieces."""

from io import BytesIO

import pytest

from microflow_runtime.text import BrokenText, find_encoding, open_text, text_encoder
from microflow_runtime.text.encodings import NAMES


class _Slow(BytesIO):
    """A file that gives a byte at a time, as a server may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(1, size) if size and size > 0 else 1)


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf-8", "utf-8-sig"),
        ("windows-874", "cp874"),
        ("windows-874", "utf-8-sig"),
        ("utf-8", "utf-16"),
        ("utf-16", "utf-16"),
        ("utf-16", "utf-16-be"),
        ("utf-16be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
    ],
)
@pytest.mark.parametrize("kind", [BytesIO, _Slow])
def test_lines(label: str, codec: str, kind: type[BytesIO]) -> None:
    """A mark is skipped and is stronger than what is declared, however few bytes come at once; the file stays open."""
    file = kind("a\r\nกข\nb".encode(codec))
    source = open_text(file, find_encoding(label))
    assert [source.readline(100) for _ in range(4)] == ["a\r\n", "กข\n", "b", ""]
    del source
    assert not file.closed


def test_nothing_but_a_mark() -> None:
    """Is an empty text."""
    assert open_text(BytesIO(b"\xef\xbb\xbf"), find_encoding("utf-8")).readline(9) == ""


@pytest.mark.parametrize("at", [0, 3, 4, 8_191, 8_192, 100_001])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_position_of_a_wrong_byte(at: int, mark: bytes) -> None:
    """It is that in the file, wherever the pieces end."""
    content = mark + b"a\n" * (at // 2) + b"a" * (at % 2) + b"\xff" + b"a\n" * 10_000
    source = open_text(BytesIO(content), find_encoding("utf-8"))
    with pytest.raises(BrokenText, match=rf"a wrong byte at position {at + len(mark)}$"):
        list(iter(lambda: source.readline(100), ""))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read_or_refused(name: str) -> None:
    """No character comes back as another one, in any encoding."""
    encoding = find_encoding(name)
    for code in [*range(0x20, 0x2200), *range(0x3000, 0x3100), 0xFF5E, 0x1F600]:
        text = chr(code)
        if text.isascii():
            continue
        try:
            content = text_encoder(encoding)("a" + text)
        except UnicodeEncodeError:
            continue
        assert open_text(BytesIO(content), encoding).read(9) == "a" + text, hex(code)


def test_the_mark_stands_at_the_beginning_alone() -> None:
    """However many pieces are written."""
    encode = text_encoder(find_encoding("utf-8-sig"))
    assert encode("a") + encode("b") == b"\xef\xbb\xbfab"
