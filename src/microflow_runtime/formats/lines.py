"""Files as lines of bounded length."""

from collections.abc import Iterator
from typing import BinaryIO

from microflow_runtime.formats.layout import MOST_ROW_CHARACTERS, RowMisfit
from microflow_runtime.text import BrokenText, find_encoding, open_text, text_encoder


def text_lines(file: BinaryIO, encoding: str, newline: str = "") -> Iterator[str]:
    """Give the lines of a text with their ends, one by one. Raises RowMisfit for one that is too long, or no such text."""
    source = open_text(file, find_encoding(encoding), newline)
    number = 0
    while True:
        number += 1
        try:
            line = source.readline(MOST_ROW_CHARACTERS + 1)
        except BrokenText as error:
            raise RowMisfit(number + source.passed.count("\n"), f"the file {error.reason}") from error
        if not line:
            return
        if len(line) > MOST_ROW_CHARACTERS:
            raise RowMisfit(number, f"a line has more than {MOST_ROW_CHARACTERS} characters")
        yield line


class TextTarget:
    """Takes a text piece by piece, and writes it encoded: a mark of the encoding stands at the beginning alone."""

    def __init__(self, target: BinaryIO, encoding: str) -> None:
        self._target = target
        self._encode = text_encoder(find_encoding(encoding))
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
