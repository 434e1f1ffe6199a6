"""`file read` as it runs: records of each format, which of them are taken, and what becomes of the file."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.nodes.file_flows import APP, FilesApp, files_app, read_flow, write_flow

from microflow_runtime.engine import RunLimits
from microflow_runtime.errors import LimitExceeded, NodeError
from microflow_runtime.model.principal import Principal

FULL = [
    {
        "sku": "a;b",
        "price": Decimal("12.50"),
        "count": 3,
        "day": "2026-05-19",
        "sold": True,
        "at": "2026-05-19T15:15:00",
        "hour": "07:30:00",
    },
    {"sku": "= 1 + 1", "price": Decimal("0.1"), "count": None, "day": None, "sold": None, "at": None, "hour": None},
    {
        "sku": "ü \"x\" <é>&\nZ",
        "price": Decimal("-123456789012345678901234.5"),
        "count": 0,
        "day": "0001-01-01",
        "sold": False,
        "at": "9999-12-31T23:59:59.5",
        "hour": "23:59:59",
    },
]
PLAIN = [{**line, "sku": line["sku"].replace("\n", " ")} for line in FULL]
FIXED = "format: fixed width\ncolumns: {sku: 20, price: 30, count: 5, day: 10, sold: 5, at: 25, hour: 8}"


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[FilesApp]:
    """Give an app over a folder."""
    async with files_app(tmp_path) as app:
        yield app


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ("format: delimited", FULL),
        ('format: delimited\nseparator: ";"\nquote: "\'"\ndecimal_sign: ","\ndates: DD.MM.YYYY', FULL),
        ('format: delimited\nseparator: "\\t"\nencoding: utf-16\nheader: false', FULL),
        (FIXED, PLAIN),
        ("format: xlsx\nsheet: Lines of May", FULL),
        ("format: xml\nrow: line", FULL),
        ('format: xml\ncolumns: {sku: "@sku", price: price, count: "@n", day: "@d", sold: s, at: at, hour: hour}', FULL),
        ("format: json lines", FULL),
    ],
)
async def test_what_is_written_is_read(files: FilesApp, settings: str, lines: list[dict[str, Any]]) -> None:
    """Every value comes back exactly, whatever the format; a text that looks like a formula stays one."""
    app = files.app(write_flow(settings), read_flow(settings))
    await app.call("Write", {"In": {"file": "f"}, "Lines": {"lines": lines}})
    out = await app.call("Read", {"In": {"file": "f"}})
    assert out["Out"] == {"lines": lines, "count": len(lines), "file": "f"}
