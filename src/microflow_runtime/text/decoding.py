"""Whole texts: from bytes by their mark or their declared encoding. A wrong byte is an error that names its position."""

from typing import Final

from microflow_runtime.text.encodings import UTF_8, BrokenText, Encoding

_MARKS: Final = (
    (b"\xef\xbb\xbf", UTF_8.reads),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
"""Byte order marks; the longer of two that begin alike comes first."""
_NAMES: Final = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32",
}
HEAD_BYTES: Final = 4
"""So many bytes tell whether there is a mark."""


def mark_of(head: bytes) -> tuple[str, int]:
    """Give the codec that a byte order mark stands for, and how many bytes it has; `("", 0)` without one."""
    return next(((codec, len(mark)) for mark, codec in _MARKS if head.startswith(mark)), ("", 0))


def codec_of(head: bytes, encoding: Encoding) -> tuple[str, int]:
    """Give the codec for a text that begins so, and the bytes of its mark. A mark is stronger than what is declared."""
    codec, size = mark_of(head)
    if codec:
        return codec, size
    if encoding.name == "UTF-16" and head[:1] == b"\0" and head[1:2] != b"\0":
        return "utf-16-be", 0
    if encoding.name == "UTF-32" and head[:1] == b"\0" and head[2:4] != b"\0\0":
        return "utf-32-be", 0
    return encoding.reads, 0


def decode(content: bytes, encoding: Encoding = UTF_8) -> str:
    """Give the text without its mark. Raises BrokenText that names the first wrong byte."""
    codec, size = codec_of(content[:HEAD_BYTES], encoding)
    return decode_by(content, codec, size, encoding.name)


def decode_by(content: bytes, codec: str, size: int, name: str) -> str:
    """Give the text behind a mark of so many bytes; `name` is that of the declared encoding. Raises BrokenText."""
    try:
        text = (content[size:] if size else content).decode(codec)
    except UnicodeDecodeError as error:
        raise broken(codec, name, error.start + size) from error
    return text.removeprefix("\ufeff") if not size else text


def broken(codec: str, name: str, position: int) -> BrokenText:
    """Give the error of a wrong byte, or of a character that is not whole."""
    return BrokenText(f"is not {_NAMES.get(codec, name)}: a wrong byte at position {position}")


def to_utf8(content: bytes, encoding: Encoding = UTF_8) -> bytes:
    """Give the same text in UTF-8 without a mark. Raises BrokenText."""
    if content.isascii() and encoding is UTF_8:
        return content
    codec, size = codec_of(content[:HEAD_BYTES], encoding)
    text = decode_by(content, codec, size, encoding.name)
    if codec != UTF_8.reads:
        return text.encode()
    return content.removeprefix(_MARKS[0][0])


def header_text(value: bytes) -> str:
    """Give the value of a header as it was meant: UTF-8 where it is that, else Latin 1, in which every byte is something."""
    if value.isascii():
        return value.decode("ascii")
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
