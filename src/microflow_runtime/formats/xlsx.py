"""Spreadsheets (xlsx), read row by row and written row by row.

A workbook is a zip of XML: how large it becomes and that nothing in it has a DTD is looked at before the library sees it.
Formulas are not computed: what a program saved as their result is read, and no cell that we write is one.
"""

import datetime as dt
import zipfile
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO, Final
from xml.parsers import expat

from microflow_runtime.feel import Date, DateTime, Time, format_number
from microflow_runtime.formats.cells import cell_reader
from microflow_runtime.formats.layout import Layout, RowMisfit
from microflow_runtime.formats.tables import Record, Row, table_records

MOST_INFLATED: Final = 1024 * 1024 * 1024
"""Bytes of all parts of a workbook."""
MOST_TEXTS: Final = 128 * 1024 * 1024
"""Bytes of the parts that are read into memory whole: everything but the sheets."""
_MOST_PARTS: Final = 10_000
_MOST_ROWS: Final = 1_048_576
_MOST_CELL: Final = 32_767
_BLOCK_BYTES: Final = 64 * 1024
_FIRST_YEAR: Final = 1900
_NUMBER_FORMATS: Final = {Date: "yyyy-mm-dd", DateTime: "yyyy-mm-dd hh:mm:ss", Time: "hh:mm:ss"}


def read_xlsx(file: BinaryIO, layout: Layout) -> Iterator[Record]:
    """Give the records of a sheet. Raises RowMisfit."""
    return table_records(_rows(file, layout), layout, cell_reader, is_even=False)


def _rows(file: BinaryIO, layout: Layout) -> Iterator[Row]:
    from openpyxl import load_workbook

    _check_parts(file)
    number = 0
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            sheet = _sheet(book, layout.sheet)
            sheet.reset_dimensions()
            for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                if number > _MOST_ROWS:
                    raise RowMisfit(number, f"a sheet has at most {_MOST_ROWS} rows")
                yield number, cells
        finally:
            book.close()
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        ArithmeticError,
    ) as error:
        raise RowMisfit(number + 1, "the file is no workbook that can be read") from error
    except SyntaxError as error:  # as the errors of the standard XML parser are
        raise RowMisfit(number + 1, "the file is no workbook that can be read: a part of it is not XML") from error


def _sheet(book: Any, wanted: str | int) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if isinstance(wanted, str):
        if wanted not in sheets:
            raise RowMisfit(1, f'the workbook has no sheet "{wanted}"')
        return sheets[wanted]
    if wanted > len(sheets):
        raise RowMisfit(1, f"the workbook has {len(sheets)} sheets, and not {wanted}")
    return book.worksheets[wanted - 1]


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


def wrong_with_sheet(title: str) -> str:
    """Say why a sheet cannot be called so; `""` when it can."""
    if not 1 <= len(title) <= 31:
        return "it has 1 to 31 characters"
    if any(each in "[]:*?/\\" or each < " " for each in title) or title.startswith("'") or title.endswith("'"):
        return "it holds none of []:*?/\\ and no apostrophe at its ends"
    return ""


def write_xlsx(
    target: BinaryIO, layout: Layout, records: Sequence[dict[str, Any]], go_on: Callable[[], None], *, header: bool
) -> None:
    """Write a workbook of one sheet. Raises RowMisfit for a value that no cell holds exactly."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    if len(records) >= _MOST_ROWS:
        raise RowMisfit(len(records), f"a sheet has at most {_MOST_ROWS} rows")
    rows = [_cells_of(record, layout, number, go_on) for number, record in enumerate(records, 1)]
    book = Workbook(write_only=True)
    sheet = book.create_sheet(layout.sheet if isinstance(layout.sheet, str) else "Sheet1")

    def cell(value: Any, number_format: str) -> Any:
        made = WriteOnlyCell(sheet, value=value)
        if isinstance(value, str):
            made.data_type = "s"  # the library would make a formula of a text that begins with `=`
        if number_format:
            made.number_format = number_format
        return made

    if header:
        sheet.append([cell(column.label, "") for column in layout.columns])
    for row in rows:
        sheet.append([None if value is None else cell(value, number_format) for value, number_format in row])
    book.save(target)


def _cells_of(record: dict[str, Any], layout: Layout, number: int, go_on: Callable[[], None]) -> list[tuple[Any, str]]:
    if not number % 500:
        go_on()
    return [_cell_of(record[column.field.name], number, column.label) for column in layout.columns]


def _cell_of(value: Any, number: int, label: str) -> tuple[Any, str]:
    """Give a value as the library takes it, with the format that it is shown in."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if value is None or isinstance(value, bool):
        return value, ""
    if isinstance(value, Decimal):
        if len(value.as_tuple().digits) > 15:
            return _text(format_number(value), number, label), ""
        return value, ""
    shown = str(value)
    kind = type(value)
    if kind in _NUMBER_FORMATS:
        try:
            made = _dated(value)
        except ValueError:
            return _text(shown, number, label), ""
        return (made, _NUMBER_FORMATS[kind]) if made is not None else (_text(shown, number, label), "")
    if ILLEGAL_CHARACTERS_RE.search(shown):
        raise RowMisfit(number, "it holds a character that no cell has", label)
    return _text(shown, number, label), ""


def _text(text: str, number: int, label: str) -> str:
    if len(text) > _MOST_CELL:
        raise RowMisfit(number, f"it has {len(text)} characters, and a cell has at most {_MOST_CELL}", label)
    return text


def _dated(value: Any) -> dt.date | dt.time | None:
    """Give a date or time that a spreadsheet holds exactly: whole seconds, no zone, not before 1900; None for any other."""
    text = str(value)
    if isinstance(value, Date):
        return dt.date.fromisoformat(text) if value.year > _FIRST_YEAR else None
    if isinstance(value, Time):
        return dt.time.fromisoformat(text) if len(text) == 8 else None
    if len(text) != 19 or value.date.year <= _FIRST_YEAR:
        return None
    return dt.datetime.fromisoformat(text)
