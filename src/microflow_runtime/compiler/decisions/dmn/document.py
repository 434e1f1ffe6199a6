"""A DMN file as a tree of elements that know where they stand. No DTD and no entities; size, depth and count are bounded."""

import re
from collections.abc import Iterator
from typing import Any, Final
from xml.parsers import expat

from microflow_runtime.compiler.faults import Path
from microflow_runtime.errors import Place
from microflow_runtime.text import BrokenText, xml_in_utf8

MOST_BYTES: Final = 4_000_000
MOST_DEPTH: Final = 64
MOST_ELEMENTS: Final = 200_000

_WITH_TEXT: Final = ("text", "typeRef")
_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")


class BrokenFileError(Exception):
    """The file is no XML that is taken. `reason` ends a sentence that begins with the file; line and column count from 1."""

    def __init__(self, reason: str, line: int = 1, column: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


class Element:
    """One element. `path` are the positions of the elements that lead to it, each in the one before."""

    __slots__ = ("attributes", "children", "column", "line", "name", "namespace", "path", "pieces", "text")

    def __init__(self, full_name: str, attributes: dict[str, str], line: int, column: int, path: Path) -> None:
        self.namespace, _, self.name = full_name.rpartition(" ")
        self.attributes = attributes
        self.line = line
        self.column = column
        self.path = path
        self.children: list[Element] = []
        self.text = ""
        self.pieces: list[tuple[int, int, int]] = []
        """Where pieces of the text begin: offset in the text, line, column."""

    def named(self, *names: str) -> Iterator["Element"]:
        """Give the elements right inside it of these names in the namespace that it has itself."""
        return (each for each in self.children if each.name in names and each.namespace == self.namespace)

    def find(self, name: str) -> "Element | None":
        """Give the first of them."""
        return next(self.named(name), None)

    def get(self, attribute: str) -> str:
        """Give an attribute, white space at its ends taken off; `""` when there is none."""
        return self.attributes.get(attribute, "").strip()


class DmnDocument:
    """A file that could be read. Paths are those of elements; a formula stands in the element at its path. It is a `Places`."""

    def __init__(self, file: str, content: bytes, root: Element) -> None:
        self.file = file
        self.root = root
        self._content = content
        self._lines: list[str] | None = None

    def place_of(self, path: Path) -> Place:
        """Give the place of the element at `path`."""
        element = self._element(path)
        return Place(self.file, element.line, element.column, element.column + len(element.name) + 1)

    def place_of_key(self, path: Path) -> Place:
        """Give the place of the element at `path`."""
        return self.place_of(path)

    def place_in_formula(self, path: Path, start: int, end: int) -> Place:
        """Give the place of the characters `start` to `end` of the text of the element at `path`."""
        element = self._element(path)
        piece = next((piece for piece in reversed(element.pieces) if piece[0] <= start), None)
        if piece is None:
            return self.place_of(path)
        offset, line, column = piece
        begin = column + start - offset
        return Place(self.file, line, begin, begin + max(end - start, 1))

    def line_text(self, line: int) -> str:
        """Give the text of a line, counted from 1."""
        if self._lines is None:
            self._lines = _LINE_BREAK.split(self._content.decode())
        return self._lines[line - 1] if line <= len(self._lines) else ""

    def _element(self, path: Path) -> Element:
        element = self.root
        for index in path:
            assert isinstance(index, int)
            element = element.children[index]
        return element


def read_document(file: str, content: bytes) -> DmnDocument:
    """Read a file; `file` is how it is called in faults. Raises BrokenFileError."""
    if len(content) > MOST_BYTES:
        raise BrokenFileError(f"has {len(content):,} bytes; at most {MOST_BYTES:,} are read")
    reader = _Reader()
    try:
        content = xml_in_utf8(content)
        reader.parser.Parse(content, True)  # noqa: FBT003 - the library's own
    except expat.ExpatError as error:
        reason = f"is not XML: {expat.ErrorString(error.code)}"
        raise BrokenFileError(reason, error.lineno, error.offset + 1) from error
    except BrokenText as error:
        raise BrokenFileError(error.reason) from error
    assert reader.root is not None
    return DmnDocument(file, content, reader.root)


class _Reader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = False
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._no_dtd
        self.root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._sizes: list[int] = []
        self._left = MOST_ELEMENTS

    def _place(self) -> tuple[int, int]:
        return self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._left -= 1
        if self._left < 0 or len(self._open) >= MOST_DEPTH:
            reason = f"has more than {MOST_DEPTH} levels or {MOST_ELEMENTS:,} elements"
            raise BrokenFileError(reason, *self._place())
        parent = self._open[-1] if self._open else None
        path = (*parent.path, len(parent.children)) if parent is not None else ()
        element = Element(name, attributes, *self._place(), path)
        if parent is None:
            self.root = element
        else:
            parent.children.append(element)
        self._open.append(element)
        self._texts.append([])
        self._sizes.append(0)

    def _characters(self, text: str) -> None:
        element = self._open[-1]
        if element.name in _WITH_TEXT:
            element.pieces.append((self._sizes[-1], *self._place()))
            self._texts[-1].append(text)
            self._sizes[-1] += len(text)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        element.text = "".join(self._texts.pop())
        self._sizes.pop()

    def _no_dtd(self, *_: Any) -> None:
        raise BrokenFileError(
            "has a document type; entities and what lies outside the file are not read", *self._place()
        )
