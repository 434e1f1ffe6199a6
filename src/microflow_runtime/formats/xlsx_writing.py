"""Spreadsheets (xlsx), written row by row. No cell that is written is a formula or a link, whatever its text looks like."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, BinaryIO, Final

from microflow_runtime.feel import Date, DateTime, Time, format_number
from microflow_runtime.formats.layout import Layout, RowMisfit
from microflow_runtime.formats.workbook import unescaped
from microflow_runtime.formats.xlsx import MOST_ROWS

_MOST_CELL: Final = 32_767
_MOST_DIGITS: Final = 15
_FIRST_YEAR: Final = 1900
_NUMBER_FORMATS: Final = {Date: "yyyy-mm-dd", DateTime: "yyyy-mm-dd hh:mm:ss", Time: "hh:mm:ss"}
_NO_CELL: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


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
    from xlsxwriter import Workbook

    if len(records) >= MOST_ROWS:
        raise RowMisfit(len(records), f"a sheet has at most {MOST_ROWS} rows")
    rows = [_cells_of(record, layout, number, go_on) for number, record in enumerate(records, 1)]
    with Workbook(target, _OPTIONS) as book:
        sheet = book.add_worksheet(layout.sheet if isinstance(layout.sheet, str) else "Sheet1")
        shown = {text: book.add_format({"num_format": text}) for text in _NUMBER_FORMATS.values()}
        if header:
            for column, each in enumerate(layout.columns):
                sheet.write_string(0, column, _text(each.label, 0, each.label))
        for number, row in enumerate(rows, 1 if header else 0):
            for column, (value, number_format) in enumerate(row):
                _write(sheet, number, column, value, shown.get(number_format))


def _write(sheet: Any, row: int, column: int, value: Any, number_format: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    elif isinstance(value, Decimal):
        sheet.write_number(row, column, value)
    else:
        sheet.write_datetime(row, column, value, number_format)


def _cells_of(record: dict[str, Any], layout: Layout, number: int, go_on: Callable[[], None]) -> list[tuple[Any, str]]:
    if not number % 500:
        go_on()
    return [_cell_of(record[column.field.name], number, column.label) for column in layout.columns]


def _cell_of(value: Any, number: int, label: str) -> tuple[Any, str]:
    """Give a value as the library takes it, with the format that it is shown in."""
    if value is None or isinstance(value, bool):
        return value, ""
    if isinstance(value, Decimal):
        if len(value.as_tuple().digits) > _MOST_DIGITS or Decimal(repr(float(value))) != value:
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
    if _NO_CELL.search(shown):
        raise RowMisfit(number, "it holds a character that no cell has", label)
    return _text(shown, number, label), ""


def _text(text: str, number: int, label: str) -> str:
    if ("_x" in text or not text.isprintable()) and unescaped(_escaped(text)) != text:
        raise RowMisfit(number, "it holds a text of escapes that a workbook would not keep", label)
    if len(text) > _MOST_CELL:
        raise RowMisfit(number, f"it has {len(text)} characters, and a cell has at most {_MOST_CELL}", label)
    return text


def _escaped(text: str) -> str:
    """Return a text as the library escapes it."""
    escaped = re.sub("(_x[0-9a-fA-F]{4}_)", r"_x005F\1", text)
    return re.sub("[\x00-\x08\x0b-\x1f]", lambda found: f"_x{ord(found[0]):04X}_", escaped)


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
