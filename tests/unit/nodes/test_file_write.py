"""`file write` as it runs: what stands in the file, what is refused, and that nothing of it stays then."""

import io
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.unit.nodes.file_flows import FilesApp, files_app, write_flow

from microflow_runtime.errors import NodeError
from microflow_runtime.model.principal import Principal

LINES = [{"sku": "lamp", "price": Decimal("12.50"), "day": "2026-05-19"}, {"sku": 'a,"b"', "price": Decimal(80)}]


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[FilesApp]:
    """Give an app over a folder."""
    async with files_app(tmp_path) as app:
        yield app


@pytest.mark.parametrize(
    ("settings", "content"),
    [
        ("format: delimited\ncolumns: {price: Unit price, sku: SKU}", 'Unit price,SKU\r\n12.50,lamp\r\n80,"a,""b"""\r\n'),
        (
            'format: delimited\ncolumns: {sku: SKU, price: P, day: D}\nseparator: ";"\ndecimal_sign: ","\ndates: DD.MM.YYYY\nline_end: lf\nheader: false',
            'lamp;12,50;19.05.2026\n"a,""b""";80;\n',
        ),
        ("format: fixed width\ncolumns: {sku: 7, price: 6, day: 10}\nline_end: lf", 'lamp    12.502026-05-19\na,"b"      80          \n'),
        ("format: json lines", '{"sku":"lamp","price":12.50,"count":null,"day":"2026-05-19","sold":null,"at":null,"hour":null}\n{"sku":"a,\\"b\\"","price":80,"count":null,"day":null,"sold":null,"at":null,"hour":null}\n'),
        (
            'format: xml\nroot: lines\nrow: line\ncolumns: {day: "@day", sku: sku, price: price}',
            '<?xml version="1.0" encoding="UTF-8"?>\n<lines>\n  <line day="2026-05-19"><sku>lamp</sku><price>12.50</price></line>\n  <line><sku>a,"b"</sku><price>80</price></line>\n</lines>\n',
        ),
    ],
)  # fmt: skip
async def test_what_stands_in_the_file(files: FilesApp, settings: str, content: str) -> None:
    """Byte for byte, in the order of the columns."""
    assert (await files.write(settings, LINES)).decode() == content


async def test_a_sheet_has_typed_cells_and_no_formula(files: FilesApp) -> None:
    """Numbers and dates as such; a text that begins with `=`, and a number of too many digits, as texts."""
    lines = [
        {"sku": "= 1 + 1", "price": Decimal("12.50"), "day": "2026-05-19", "sold": True},
        {"sku": "#N/A", "price": Decimal("1234567890.1234567"), "day": "1850-01-01"},
    ]
    written = await files.write("format: xlsx\ncolumns: {sku: S, price: P, day: D, sold: B}", lines)
    sheet = openpyxl.load_workbook(io.BytesIO(written)).active
    cells = [[(cell.data_type, cell.value) for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert cells[0][:2] == [("s", "= 1 + 1"), ("n", 12.5)]
    assert cells[0][2][0] == "d"
    assert cells[0][3] == ("b", True)
    assert cells[1][:3] == [("s", "#N/A"), ("s", "1234567890.1234567"), ("s", "1850-01-01")]


@pytest.mark.parametrize(
    ("settings", "line", "column"),
    [
        ("format: fixed width\ncolumns: {sku: 3, price: 6}", {"sku": "lamp", "price": 1}, "sku"),
        ("format: fixed width\ncolumns: {sku: 30, price: 6}", {"sku": "a\nb", "price": 1}, "sku"),
        ("format: delimited\nencoding: ascii", {"sku": "ü", "price": 1}, None),
        ("format: delimited\nencoding: tis-620", {"sku": "…", "price": 1}, None),
        ("format: delimited\nencoding: iso-8859-1", {"sku": "\x85", "price": 1}, None),
        ("format: json lines\nencoding: windows-874", {"sku": "ü", "price": 1}, None),
        ('format: delimited\nquote: ""', {"sku": "a,b", "price": 1}, None),
        ("format: xml", {"sku": "a\0b", "price": 1}, "sku"),
        ("format: xlsx", {"sku": "_x0041_x0042_", "price": 1}, "sku"),
        ("format: xlsx", {"sku": "x" * 32_768, "price": 1}, "sku"),
    ],
)
async def test_what_the_format_does_not_hold_is_refused(
    files: FilesApp, settings: str, line: dict[str, Any], column: str | None
) -> None:
    """With the number of the record and the column; nothing is written."""
    with pytest.raises(NodeError) as caught:
        await files.write(settings, [LINES[1] | {"sku": "x"}, line])
    assert caught.value.kind == "file.format"
    assert caught.value.data == {"file": "out", "row": 2, "column": column}
    assert list(files.inbox.iterdir()) == []


async def test_the_header_is_written_once(files: FilesApp) -> None:
    """When lines are appended, to a file that is new, empty or full."""
    settings = "format: delimited\ncolumns: {sku: SKU, price: P}\nline_end: lf\nexisting: append"
    (files.inbox / "out").touch()
    await files.write(settings, LINES[:1])
    assert await files.write(settings, LINES[:1]) == b"SKU,P\nlamp,12.50\nlamp,12.50\n"
    assert await files.write(settings, []) == b"SKU,P\nlamp,12.50\nlamp,12.50\n"


async def test_a_file_that_is_there_is_refused_or_replaced(files: FilesApp) -> None:
    """`refuse` unless said, and what was there stays."""
    await files.write("format: json lines", [])
    with pytest.raises(NodeError) as caught:
        await files.write("format: json lines", LINES)
    assert caught.value.kind == "file.exists"
    assert (files.inbox / "out").read_bytes() == b""
    assert (await files.write("format: json lines\nexisting: replace", LINES)).count(b"\n") == 2


async def test_whoever_has_no_right_writes_nothing(files: FilesApp) -> None:
    """The kind is `permission`."""
    app = files.app(write_flow("format: json lines"))
    nobody = Principal(username="nobody")
    with pytest.raises(NodeError) as caught:
        await app.call("Write", {"In": {"file": "x"}, "Lines": {"lines": []}}, principal=nobody)
    assert caught.value.kind == "permission"
    assert list(files.inbox.iterdir()) == []
