"""Workbooks of others: their sheets, kinds of cells and saved results; and those that are made to do harm."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from microflow_runtime.compiler.business_objects import build_classes
from microflow_runtime.errors import NodeError
from microflow_runtime.formats import Layout, RecordReader, xlsx
from microflow_runtime.formats.layout import Column
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.type_ref import TypeRef

KINDS = ("string", "decimal", "integer", "boolean", "date", "date-time", "time", "duration")
_FIELDS = tuple(Field(name=kind, type=TypeRef(kind, is_optional=True)) for kind in KINDS)
_CLASS = build_classes([BusinessObject(name="Row", fields=_FIELDS)])["Row"]


def _layout(**more: Any) -> Layout:
    columns = tuple(Column(field=field, label=field.name, place=field.name) for field in _FIELDS)
    return Layout(format="xlsx", bo_class=_CLASS, columns=columns, **more)


def _book(fill: Callable[[Any], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _rows(*rows: list[Any]) -> bytes:
    def fill(book: Any) -> None:
        for row in rows:
            book.active.append(row)

    return _book(fill)


def _read(content: bytes, **more: Any) -> list[dict[str, Any]]:
    return RecordReader(io.BytesIO(content), _layout(**more), "f").take(100)


def _refused(content: bytes, **more: Any) -> str:
    with pytest.raises(NodeError) as caught:
        _read(content, **more)
    assert caught.value.kind == "file.format"
    return caught.value.message


def test_cells_are_read_by_their_kind() -> None:
    """Numbers by their shortest digits, dates and times as such, everything as text where the field is one."""
    moment = dt.datetime(2026, 5, 19, 15, 15)  # noqa: DTZ001 - a spreadsheet knows no zones
    (row,) = _read(
        _rows(list(KINDS), [True, 0.1, 7.0, "TRUE", moment.replace(hour=0, minute=0), moment, dt.time(7, 30), None])
    )
    assert row["string"] == "true"
    assert row["decimal"] == Decimal("0.1")
    assert row["integer"] == 7
    assert row["boolean"] is True
    assert [str(row[kind]) for kind in ("date", "date-time", "time")] == [
        "2026-05-19",
        "2026-05-19T15:15:00",
        "07:30:00",
    ]
    (row,) = _read(_rows(["string", "decimal"], [812345678, "12.50"]))
    assert (row["string"], row["decimal"]) == ("812345678", Decimal("12.50"))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", dt.datetime(2026, 5, 19, 15, 15)),  # noqa: DTZ001 - as above
        ("integer", 7.5),
        ("boolean", 2),
        ("decimal", True),
        ("decimal", "#DIV/0!"),
        ("time", 5),
    ],
)
def test_a_cell_of_another_kind_does_not_fit(kind: str, value: Any) -> None:
    """With the row and the column."""
    assert f'row 3, column "{kind}"' in _refused(_rows([kind], [None], [value]))


def test_a_sheet_is_named_or_counted() -> None:
    """The first unless said; one that is not there is told."""

    def fill(book: Any) -> None:
        book.active.append(["string"])
        for title in ("B", "C"):
            sheet = book.create_sheet(title)
            sheet.append(["string"])
            sheet.append([title])

    content = _book(fill)
    assert _read(content) == []
    assert _read(content, sheet="C")[0]["string"] == "C"
    assert _read(content, sheet=2)[0]["string"] == "B"
    assert "no sheet" in _refused(content, sheet="D")
    assert "3 sheets" in _refused(content, sheet=4)


def test_a_formula_is_not_computed() -> None:
    """One without a saved result is nothing."""
    (row,) = _read(_rows(["string", "decimal"], ["x", "=1+1"]))
    assert row["decimal"] is None


def _with(part: str, content: bytes) -> bytes:
    """Give a workbook in which a part is another, or one more."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_rows(["string"], ["x"]))) as book,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in dict.fromkeys([*book.namelist(), part]):
            made.writestr(name, content if name == part else book.read(name))
    return written.getvalue()


_BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml"]
)
def test_no_part_has_a_dtd(part: str) -> None:
    """Whichever part it is in, and in another encoding too."""
    assert "has a DTD" in _refused(_with(part, _BOMB))
    assert "has a DTD" in _refused(_with(part, b"<?xml version='1.0'?><!-- " + b"x" * 200_000 + b" -->" + _BOMB))
    assert "has a DTD" in _refused(_with(part, _BOMB.decode().encode("utf-16")))


def test_what_inflates_too_far_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything of it is inflated."""
    content = _with("xl/sharedStrings.xml", b"<sst>" + b" " * 200_000 + b"</sst>")
    monkeypatch.setattr(xlsx, "MOST_TEXTS", 100_000)
    assert "is larger" in _refused(content)
    monkeypatch.setattr(xlsx, "MOST_TEXTS", 10**9)
    monkeypatch.setattr(xlsx, "MOST_INFLATED", 100_000)
    assert "is larger" in _refused(content)


def test_a_row_beyond_all_sheets_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of a row that makes a million empty ones out of nothing."""
    monkeypatch.setattr(xlsx, "MOST_ROWS", 1000)
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>string</t></is></c></row><row r="999999999"><c r="A999999999"><v>1</v></c></row></sheetData></worksheet>'
    assert "at most 1000 rows" in _refused(_with("xl/worksheets/sheet1.xml", sheet))


@pytest.mark.parametrize("content", [b"<worksheet><sheetData><row r='x'><c r='A1'><v>1</v></c></row></sheetData></worksheet>", b"<worksheet", b"", b"<worksheet><sheetData><row><c r='A1' t='s'><v>99</v></c></row></sheetData></worksheet>"])  # fmt: skip
def test_a_sheet_that_is_broken_is_told(content: bytes) -> None:
    """As `file.format`, whatever the library makes of it."""
    head = b' xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    _refused(_with("xl/worksheets/sheet1.xml", content.replace(b"<worksheet", b"<worksheet" + head, 1)))
