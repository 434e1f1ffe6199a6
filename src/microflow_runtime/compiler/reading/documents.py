"""A definition file read: its values, and on demand the place of each of them."""

import hashlib
import re
from bisect import bisect_right
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Literal

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.composer import Marks, Unreadable, compose
from microflow_runtime.compiler.reading.findings import KeyPath
from microflow_runtime.compiler.reading.offsets import Mark, index_in_text
from microflow_runtime.errors import Fault, Place

DocumentKind = Literal["app", "business_object", "microflow"]

MAX_DOCUMENT_BYTES: Final = 1_000_000

_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")


class Document(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What one file says: `data` holds None, bool, int (a number without fraction), Decimal, str, list and dict only.

    `content_hash` is the SHA-256 of the file's bytes in hex. Places are found by reading `text` once more when the
    first is asked for, so ask only when there is a fault to report. A path is the tuple of keys and list positions
    (from 0) that leads to a value; a path that does not exist stands for the nearest value above it that does.
    """

    kind: DocumentKind
    path: str
    content_hash: str
    data: dict[str, Any]
    text: str

    def place_of(self, path: KeyPath) -> Place:
        """Give the place of the value at `path`."""
        marks = self._marks.values
        while path not in marks:
            path = path[:-1]
        return self._text_lines.place(marks[path].start, marks[path].end)

    def place_of_key(self, path: KeyPath) -> Place:
        """Give the place of the key that `path` ends with; for an item of a list, of the item."""
        mark = self._marks.keys.get(path)
        return self.place_of(path) if mark is None else self._text_lines.place(mark.start, mark.end)

    def place_in_text(self, path: KeyPath, start: int, end: int) -> Place:
        """Give the place of the characters `start:end` of the text at `path`, whatever its quoting, blocks and folds."""
        value, mark = self.value_at(path), self._marks.values.get(path)
        if mark is None or not isinstance(value, str):
            return self.place_of(path)
        first = self._index(mark, value, start)
        last = self._index(mark, value, max(start, end - 1))
        return self._text_lines.place(first, last + 1)

    def place_in_formula(self, path: KeyPath, start: int, end: int) -> Place:
        """Give the place of the characters `start:end` of the formula at `path`, counted as in `formula_of`."""
        return self.place_in_text(path, start + 1, end + 1)

    def line_text(self, line: int) -> str:
        """Give the text of a line, counted from 1, without its end; `""` beyond the last."""
        return self._text_lines.line(line)

    def value_at(self, path: KeyPath) -> Any:
        """Give the value at `path`, or None when there is none."""
        value: Any = self.data
        for part in path:
            in_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
            if not in_list and not (isinstance(value, dict) and part in value):
                return None
            value = value[part]
        return value

    def _index(self, mark: Mark, value: str, offset: int) -> int:
        return index_in_text(self.text, mark, value, offset)

    @cached_property
    def _marks(self) -> Marks:
        marks = Marks({}, {})
        compose(self.text, _silent, marks)
        return marks

    @cached_property
    def _text_lines(self) -> "_Lines":
        return _Lines(self.path, self.text)


def formula_of(value: object) -> str | None:
    """Give the formula that a value holds, which is all after its `=`; None for a literal."""
    return value[1:] if isinstance(value, str) and value.startswith("=") else None


def parse(kind: DocumentKind, path: str, content: bytes) -> tuple[Document | None, tuple[Fault, ...]]:
    """Read one file. `path` is how it is named in faults. Every fault is returned; the document is None when it cannot be used at all."""
    faults: list[Fault] = []
    text = _decoded(path, content, faults)
    if text is None:
        return None, tuple(faults)
    lines = _Lines(path, text)

    def report(code: str, message: str, start: int, end: int, help: str = "") -> None:  # noqa: A002
        if len(faults) < 200:
            faults.append(lines.fault(code, message, start, end, help))

    try:
        data = compose(text, report)
    except Unreadable:
        return None, tuple(faults)
    digest = hashlib.sha256(content).hexdigest()
    return Document(kind=kind, path=path, content_hash=digest, data=data, text=text), tuple(faults)


def dump(document: Document) -> bytes:
    """Give the form in which a document that was read without faults is kept in a cache; numbers keep their digits."""
    return _ENCODER.encode(_Kept(document.kind, document.path, document.content_hash, document.data, document.text))


def load(kept: bytes, path: str | None = None) -> Document:
    """Make a document of what `dump` gave, under another path when one is given.

    Raises ValueError when the bytes are not such a form.
    """
    try:
        form = _DECODER.decode(kept)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("this is not a kept document") from error
    return Document(
        kind=form.kind, path=path or form.path, content_hash=form.content_hash, data=form.data, text=form.text
    )


class _Kept(msgspec.Struct, array_like=True, frozen=True):
    kind: DocumentKind
    path: str
    content_hash: str
    data: Any
    text: str


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_DECODER: Final = msgspec.json.Decoder(_Kept, float_hook=Decimal)


def _decoded(path: str, content: bytes, faults: list[Fault]) -> str | None:
    """Give the text of the bytes, or None after adding what is wrong with them."""
    if len(content) > MAX_DOCUMENT_BYTES:
        message = f"The file has {len(content)} bytes; a definition has at most {MAX_DOCUMENT_BYTES}"
        faults.append(Fault(code=fault_codes.TOO_LARGE, message=message, place=Place(path, 1, 1, 2)))
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        readable = _Lines(path, content[: error.start].decode("utf-8", "replace"))
        message = f"The byte 0x{content[error.start]:02x} is not UTF-8"
        end = len(readable.text)
        faults.append(readable.fault(fault_codes.BAD_CHARACTERS, message, end, end + 1, "save the file as UTF-8"))
        return None
    lines = _Lines(path, text)
    for match in list(_UNPRINTABLE.finditer(text))[:20]:
        message = f"The character U+{ord(match.group()):04X} does not belong in a definition"
        hint = f'write it as "\\u{ord(match.group()):04X}" in double quotes, or leave it out'
        faults.append(lines.fault(fault_codes.BAD_CHARACTERS, message, match.start(), match.end(), hint))
    return None if faults else text


class _Lines:
    """Turns indexes of characters into lines and columns."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_BREAK.finditer(self.text))]

    def place(self, start: int, end: int) -> Place:
        """Give the place of a span; one over several lines ends with its first."""
        line = bisect_right(self._starts, start)
        first = self._starts[line - 1]
        stop = max(start + 1, min(end, first + len(self.line(line))))
        return Place(self.path, line, start - first + 1, stop - first + 1)

    def line(self, line: int) -> str:
        if not 1 <= line <= len(self._starts):
            return ""
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return self.text[self._starts[line - 1] : end].rstrip("\r\n")

    def fault(self, code: str, message: str, start: int, end: int, help: str) -> Fault:  # noqa: A002
        place = self.place(start, end)
        return Fault(code=code, message=message, place=place, source_line=self.line(place.line), help=help)


def _silent(code: str, message: str, start: int, end: int, help: str = "") -> None:  # noqa: A002
    """Take a fault that was reported when the document was read first."""
