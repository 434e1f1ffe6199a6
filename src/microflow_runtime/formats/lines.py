"""Files as lines of bounded length."""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from microflow_runtime.formats.layout import MOST_ROW_CHARACTERS, RowMisfit


def text_lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    """Give the lines of a text with their ends, one by one. Raises RowMisfit for one that is too long, or no such text."""
    decoded = io.TextIOWrapper(file, encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="")
    number = 0
    try:
        while True:
            number += 1
            try:
                line = decoded.readline(MOST_ROW_CHARACTERS + 1)
            except UnicodeError as error:
                before = error.object[: error.start] if isinstance(error, UnicodeDecodeError) else b""
                raise RowMisfit(number + before.count(b"\n"), f"the file is no text in {encoding}") from error
            if not line:
                return
            if len(line) > MOST_ROW_CHARACTERS:
                raise RowMisfit(number, f"a line has more than {MOST_ROW_CHARACTERS} characters")
            yield line
    finally:
        if not file.closed:  # whoever stopped may have closed it first
            decoded.detach()


def byte_lines(file: BinaryIO) -> Iterator[bytes]:
    """Give the lines of a file as bytes, one by one. Raises RowMisfit for one that is too long."""
    number = 0
    while line := file.readline(MOST_ROW_CHARACTERS + 1):
        number += 1
        if len(line) > MOST_ROW_CHARACTERS:
            raise RowMisfit(number, f"a line has more than {MOST_ROW_CHARACTERS} bytes")
        yield line


class TextTarget:
    """Takes a text piece by piece, and writes it encoded: a mark of the encoding stands at the beginning alone."""

    def __init__(self, target: BinaryIO, encoding: str) -> None:
        self._target = target
        self._encode = codecs.getincrementalencoder(encoding)().encode
        self._pieces: list[bytes] = []

    def write(self, text: str) -> None:
        """Take a piece. Raises UnicodeEncodeError for a character that the encoding does not have."""
        self._pieces.append(self._encode(text))
        if len(self._pieces) >= 1000:
            self.flush()

    def flush(self) -> None:
        """Hand on what was taken."""
        self._target.write(b"".join(self._pieces))
        self._pieces.clear()
