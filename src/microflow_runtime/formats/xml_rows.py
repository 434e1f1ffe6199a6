"""XML: an element for each record, with its fields as elements and attributes inside. No DTD, no entities of its own."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.formats.cells import blank_of, text_reader, text_writer
from microflow_runtime.formats.layout import MOST_ROW_CHARACTERS, Layout, RowMisfit
from microflow_runtime.formats.tables import Record, label_of
from microflow_runtime.text import BrokenText, TextSource, open_xml

_BLOCK_BYTES: Final = 64 * 1024
_SILENT_BLOCKS: Final = 2 * MOST_ROW_CHARACTERS // _BLOCK_BYTES
_DEPTH: Final = 64
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Found = dict[tuple[str, ...], list[str]]


def read_xml_rows(file: BinaryIO, layout: Layout) -> Iterator[Record]:
    """Give the records of a file, one for each element of the row's name, wherever it stands. Raises RowMisfit."""
    wanted = [
        (
            column.field.name,
            column.place,
            text_reader(column.field, layout.decimal_sign, layout.dates),
            blank_of(column.field),
        )
        for column in layout.columns
    ]
    rows = _Rows(layout.row, {place for _, place, _, _ in wanted})
    number = 0
    for found in rows.read(file):
        number += 1
        if number <= layout.skip:
            continue
        record: dict[str, Any] = {}
        name = ""
        try:
            for name, place, read, blank in wanted:
                texts = found.get(place, ())
                if len(texts) > 1:
                    raise Misfit("one value", f"{len(texts)} of them")
                record[name] = read(texts[0]) if texts and texts[0] else blank
        except Misfit as misfit:
            told = layout.bo_class.hide(name, misfit).sentence()
            raise RowMisfit(number, told, label_of(layout, name)) from misfit
        yield number, record


class _Rows:
    """Takes the pieces of a document and gives what is wanted of its rows."""

    def __init__(self, row: str, wanted: set[tuple[str, ...]]) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._row = row
        self._wanted = wanted
        self._depth = 0
        self._path: list[str] | None = None
        self._texts: list[list[str]] = []
        self._found: _Found = {}
        self._length = 0
        self._count = 0
        self._events = 0
        self._ready: list[_Found] = []

    def read(self, file: BinaryIO) -> Iterator[_Found]:
        silent = 0
        is_last = False
        source: TextSource | None = None
        while not is_last:
            self._events = 0
            try:
                source = source or open_xml(file)
                block = source.read(_BLOCK_BYTES)
                is_last = not block
                self._parser.Parse(block, is_last)
            except expat.ExpatError as error:
                told = f"it is not XML: {expat.ErrorString(error.code)} in line {error.lineno}"
                raise self._broken(told) from error
            except BrokenText as error:
                raise self._broken(f"the file {error.reason}") from error
            silent = 0 if self._events else silent + 1
            if silent > _SILENT_BLOCKS:
                raise self._broken("a tag has no end")
            ready, self._ready = self._ready, []
            yield from ready

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._events += 1
        self._depth += 1
        if self._depth > _DEPTH:
            raise self._broken(f"it has more than {_DEPTH} levels")
        local = _local(name)
        if self._path is not None:
            self._path.append(local)
        elif local == self._row:
            self._path = []
            self._found, self._length = {}, 0
        else:
            return
        self._texts.append([])
        for key, value in attributes.items():
            self._grow(len(value))
            self._keep((*self._path, f"@{_local(key)}"), value)

    def _characters(self, text: str) -> None:
        self._events += 1
        if self._texts:
            self._grow(len(text))
            self._texts[-1].append(text)

    def _grow(self, characters: int) -> None:
        self._length += characters
        if self._length > MOST_ROW_CHARACTERS:
            raise self._broken(f"a row has more than {MOST_ROW_CHARACTERS} characters")

    def _end(self, _name: str) -> None:
        self._events += 1
        self._depth -= 1
        if self._path is None:
            return
        self._keep(tuple(self._path), "".join(self._texts.pop()))
        if self._path:
            self._path.pop()
        else:
            self._path = None
            self._count += 1
            self._ready.append(self._found)

    def _keep(self, path: tuple[str, ...], text: str) -> None:
        if path in self._wanted:
            self._found.setdefault(path, []).append(text)

    def _doctype(self, *_: Any) -> None:
        raise self._broken("it has a DTD")

    def _broken(self, sentence: str) -> RowMisfit:
        return RowMisfit(self._count + 1, sentence)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def write_xml_rows(
    target: BinaryIO, layout: Layout, records: Sequence[dict[str, Any]], go_on: Callable[[], None], *, header: bool
) -> None:
    """Write a document: the root, and in it an element for each record. Raises RowMisfit."""
    del header
    columns = [
        (
            column.field.name,
            column.place[-1],
            text_writer(column.field, layout.decimal_sign, layout.dates),
            column.label,
        )
        for column in layout.columns
    ]
    attributes = [(name, tag[1:], write, label) for name, tag, write, label in columns if tag.startswith("@")]
    elements = [each for each in columns if not each[1].startswith("@")]
    target.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<{layout.root}>\n'.encode())
    for number, record in enumerate(records, 1):
        if not number % 500:
            go_on()
        pieces = [f"  <{layout.row}"]
        for name, tag, write, label in attributes:
            if record[name] is not None:
                pieces.append(f" {tag}={quoteattr(_clean(write(record[name]), number, label))}")
        pieces.append(">")
        for name, tag, write, label in elements:
            if record[name] is not None:
                # written as a reference, because a reader makes another line's end of the character itself
                text = escape(_clean(write(record[name]), number, label), {"\r": "&#13;"})
                pieces.append(f"<{tag}>{text}</{tag}>")
        pieces.append(f"</{layout.row}>\n")
        target.write("".join(pieces).encode())
    target.write(f"</{layout.root}>\n".encode())


def _clean(text: str, number: int, label: str) -> str:
    if _NOT_XML.search(text):
        raise RowMisfit(number, "it holds a character that XML does not have", label)
    return text
