"""Texts that are read and written piece by piece."""

import codecs
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, cast

from microflow_runtime.text.decoding import HEAD_BYTES, broken, codec_of
from microflow_runtime.text.encodings import Encoding
from microflow_runtime.text.xml import DECLARATION_BYTES, xml_codec

_MARK: Final = "\ufeff"
_STATEFUL: Final = frozenset({"ISO-2022-JP"})
"""Encodings of which a piece alone cannot be read back. This one is exact."""


class _Counted(io.BufferedIOBase):
    """The bytes of a file whose first have been looked at. The file stays open when this is closed."""

    def __init__(self, head: bytes, skip: int, file: BinaryIO) -> None:
        self._head = head[skip:]
        self._file = file
        self.given = skip

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        piece = self._head or self._file.read(size)
        self._head = b""
        self.given += len(piece)
        return piece


class TextSource:
    """Decodes a file as it is read. Both ways of reading raise BrokenText with the position of a wrong byte in the file."""

    def __init__(self, file: BinaryIO, head: bytes, codec: str, skip: int, name: str, newline: str = "") -> None:
        self._bytes = _Counted(head, skip, file)
        self._text = io.TextIOWrapper(cast("BinaryIO", self._bytes), encoding=codec, newline=newline)
        self._codec, self._name = codec, name
        self._begun = False
        self.passed = ""
        """What was read behind the last line that was given, before a wrong byte."""

    def readline(self, most: int) -> str:
        """Give the next line with its end, or so many characters of it; `""` at the end of the file."""
        return self._read(self._text.readline, most)

    def read(self, most: int) -> str:
        """Give the next so many characters; `""` at the end of the file."""
        return self._read(self._text.read, most)

    def _read(self, read: Callable[[int], str], most: int) -> str:
        try:
            text = read(most)
        except UnicodeDecodeError as error:
            self.passed = error.object[: error.start].decode(self._codec, "ignore")
            position = self._bytes.given - len(error.object) + error.start
            raise broken(self._codec, self._name, position) from error
        if not self._begun:
            self._begun = True
            return text.removeprefix(_MARK) or (self._read(read, most) if text else "")
        return text


def open_text(file: BinaryIO, encoding: Encoding, newline: str = "") -> TextSource:
    """Read a text from where the file stands; `newline` is that of `io.TextIOWrapper`."""
    head = _head(file, HEAD_BYTES)
    return TextSource(file, head, *codec_of(head, encoding), encoding.name, newline)


def open_xml(file: BinaryIO) -> TextSource:
    """Read a document of XML by its mark or its declaration. Raises UnknownEncoding."""
    head = _head(file, DECLARATION_BYTES)
    return TextSource(file, head, *xml_codec(head))


def _head(file: BinaryIO, size: int) -> bytes:
    """Read so many bytes, fewer at the end of the file alone."""
    return b"".join(_pieces(file, size))


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (piece := file.read(size)):
        size -= len(piece)
        yield piece


def text_encoder(encoding: Encoding) -> Callable[[str], bytes]:
    """Make what encodes a text piece by piece, its mark before the first.

    It raises UnicodeEncodeError for a character that the encoding does not have, or that would be read as another one.
    """
    encode = codecs.getincrementalencoder(encoding.writes)().encode
    if encoding.reads.startswith("utf") or encoding.name in _STATEFUL:
        return encode

    def encode_exactly(text: str) -> bytes:
        content = encode(text)
        if not text.isascii() and content.decode(encoding.reads, "replace") != text:
            raise UnicodeEncodeError(encoding.writes, text, 0, len(text), "would be read as another character")
        return content

    return encode_exactly
