"""Spreadsheets (xlsx), read row by row.

A workbook is a zip of XML: how large it becomes and that nothing in it has a DTD is looked at before any of it is parsed.
Formulas are not computed: what a program saved as their result is read.
"""

import zipfile
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, BinaryIO, Final
from xml.parsers import expat

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.formats.bad_records import BadRecords
from microflow_runtime.formats.cells import cell_reader
from microflow_runtime.formats.layout import Layout, RowMisfit
from microflow_runtime.formats.sheet_cells import BadCell, CellReader
from microflow_runtime.formats.tables import Record, Row, table_records
from microflow_runtime.formats.workbook import Workbook, whole

MOST_INFLATED: Final = 1024 * 1024 * 1024
"""Bytes of all parts of a workbook."""
MOST_TEXTS: Final = 128 * 1024 * 1024
"""Bytes of the parts that are read into memory whole: everything but the sheets."""
MOST_ROWS: Final = 1_048_576
_MOST_PARTS: Final = 10_000
_MOST_COLUMNS: Final = 16_384
_BLOCK_BYTES: Final = 64 * 1024


def read_xlsx(file: BinaryIO, layout: Layout, bad: BadRecords | None = None) -> Iterator[Record]:
    """Give the records of a sheet. Raises RowMisfit."""
    return table_records(_rows(file, layout), layout, cell_reader, is_even=False, bad=bad)


def _rows(file: BinaryIO, layout: Layout) -> Iterator[Row]:
    _check_parts(file)
    number = 0
    try:
        with zipfile.ZipFile(file) as archive:
            book = Workbook(archive)
            cells = CellReader(book.texts(), book.styles(), has_1904_dates=book.has_1904_dates)
            for row in book.elements(book.sheet_part(layout.sheet), "row"):
                said = row.get("r")
                number = number + 1 if said is None else whole(said)
                if number > MOST_ROWS:
                    raise RowMisfit(number, f"a sheet has at most {MOST_ROWS} rows")
                yield number, _cells(row, number, cells)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise RowMisfit(number + 1, "the file is no workbook that can be read") from error


def _cells(row: Any, number: int, cells: CellReader) -> list[Any]:
    """Return the values of a row, each in its column; what stands between them is nothing."""
    values: list[Any] = []
    for cell in row:
        if not cell.tag.endswith("}c"):
            continue
        get = cell.get
        place = get("r")
        column = len(values) if place is None else column_of(place.rstrip("0123456789"))
        if column != len(values):
            if not 0 <= column < _MOST_COLUMNS:
                raise RowMisfit(number, f"there is no cell {place[:20]}")
            if column < len(values):
                raise RowMisfit(number, f"the cell {place[:20]} stands behind those that come after it")
            values += [None] * (column - len(values))
        text, inline = None, None
        for child in cell:
            if child.tag.endswith("}v"):
                text = child.text
            elif child.tag.endswith("}is"):
                inline = child
        style = get("s")
        try:
            values.append(cells.value(get("t"), 0 if style is None else whole(style), text, inline))
        except Misfit as misfit:
            values.append(BadCell(misfit))
    return values


@lru_cache(maxsize=_MOST_COLUMNS)
def column_of(letters: str) -> int:
    """Return the column of its letters, from 0; -1 when they are none."""
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
        return -1
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return column - 1


def _check_parts(file: BinaryIO) -> None:
    """Refuse what would grow, or is no plain XML. The declared sizes bind: the library for zips reads no further."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            others = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > MOST_INFLATED or others > MOST_TEXTS:
                raise RowMisfit(
                    1, f"the workbook is larger than {MOST_INFLATED} bytes, or {MOST_TEXTS} beside its sheets"
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels", ".vml")):
                    with archive.open(part) as content:
                        _check_plain(content)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise RowMisfit(1, "the file is no workbook that can be read") from error


class _Begun(Exception):
    """The root element has begun, so that no DTD can come any more."""


def _check_plain(content: Any) -> None:
    def begin(*_: Any) -> None:
        raise _Begun

    def refuse(*_: Any) -> None:
        raise RowMisfit(1, "a part of the workbook has a DTD")

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = refuse
    try:
        while block := content.read(_BLOCK_BYTES):
            parser.Parse(block, False)  # noqa: FBT003 - the library's own
    except _Begun:
        return
    except (expat.ExpatError, LookupError) as error:
        raise RowMisfit(1, "the file is no workbook that can be read: a part of it is not XML") from error
