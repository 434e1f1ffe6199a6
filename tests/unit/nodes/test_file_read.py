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
        "sku": 'ü "x" <é>&\nZ',
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
        ("format: json lines\nencoding: utf-16", FULL),
        (FIXED, PLAIN),
        ("format: xlsx\nsheet: Lines of May", FULL),
        ("format: xml\nrow: line", FULL),
        (
            'format: xml\ncolumns: {sku: "@sku", price: price, count: "@n", day: "@d", sold: s, at: at, hour: hour}',
            FULL,
        ),
        ("format: json lines", FULL),
    ],
)
async def test_what_is_written_is_read(files: FilesApp, settings: str, lines: list[dict[str, Any]]) -> None:
    """Every value comes back exactly, whatever the format; a text that looks like a formula stays one."""
    app = files.app(write_flow(settings), read_flow(settings))
    await app.call("Write", {"In": {"file": "f"}, "Lines": {"lines": lines}})
    out = await app.call("Read", {"In": {"file": "f"}})
    assert out["Out"] == {"lines": lines, "count": len(lines), "file": "f"}


async def _told(files: FilesApp, settings: str, content: bytes | str, **options: Any) -> dict[str, Any]:
    out = await files.read(settings, content, catch=True, **options)
    told: dict[str, Any] = out["Told"]
    return told


_DELIMITED = "format: delimited\ncolumns: {sku: SKU, price: Price}"
_CSV = "SKU,Price,Other\nlamp,12.50,x\nchair,80,y\n"


@pytest.mark.parametrize(
    ("settings", "content", "row", "column", "said"),
    [
        (_DELIMITED, _CSV + "nail,cheap,z\n", 4, "Price", 'expected decimal, found text "cheap"'),
        (_DELIMITED, _CSV + "nail,1\n", 4, None, "it has 2 cells, and the first row 3"),
        (_DELIMITED, _CSV + 'nail,"1\n', 4, None, "no delimited row"),
        (_DELIMITED, _CSV + 'nail,"1"2,3\n', 4, None, "no delimited row"),
        (_DELIMITED, _CSV + "nail,1e999999999,3\n", 4, "Price", "expected decimal"),
        (_DELIMITED, _CSV + "nail,NaN,3\n", 4, "Price", "expected decimal"),
        (_DELIMITED, _CSV + "nail,,3\n", 4, "Price", "expected a value, found nothing"),
        (_DELIMITED, "SKU,Prize\na,1\n", 1, "Price", "the header does not name it"),
        (_DELIMITED, "SKU,Price,Price\na,1,2\n", 1, "Price", "more than once"),
        (_DELIMITED, "", 1, None, "ends before its header"),
        (_DELIMITED, _CSV.encode() + b"\xff,1,2\n", 4, None, "is not UTF-8: a wrong byte at position 40"),
        (_DELIMITED, _CSV + "x" * 1_100_000, 4, None, "more than 1048576 characters"),
        (_DELIMITED, _CSV + '"' + "x\n" * 200_000, 4, None, "field larger than field limit"),
        (
            _DELIMITED + '\ndecimal_sign: ","',
            "SKU;Price\n".replace(";", ",") + "a,1.5\n",
            2,
            "Price",
            "expected decimal",
        ),
        ("format: delimited\ndates: DD/MM/YYYY", "sku,price,day\na,1,2026-05-19\n", 2, "day", "DD/MM/YYYY"),
        ("format: delimited\ndates: DD/MM/YYYY", "sku,price,day\na,1,31/02/2026\n", 2, "day", "a date"),
        ("format: delimited", "sku,price,count\na,1,7.5\n", 2, "count", "expected integer"),
        ("format: delimited", "sku,price,sold\na,1,yes\n", 2, "sold", "expected true or false"),
        ("format: fixed width\ncolumns: {sku: 4, price: 5-8}", "a   12.5\nb   x\n", 2, "price", "expected decimal"),
        ("format: json lines", '{"sku": "a", "price": 1}\n{"sku": 1, "price": 1}\n', 2, "sku", "expected text"),
        ("format: json lines", '{"sku": "a", "price": 1}\n{"sku"\n', 2, None, "not JSON"),
        ("format: json lines", "[1]\n", 1, None, "no object"),
        ("format: json lines", '{"a":' * 100 + "1" + "}" * 100, 1, None, "nested deeper"),
        ("format: xml\nrow: r", "<rs><r><sku>a</sku><price>x</price></r></rs>", 1, "price", "expected decimal"),
        ("format: xml\nrow: r", "<rs><r><sku>a</sku><sku>b</sku><price>1</price></r></rs>", 1, "sku", "2 of them"),
        ("format: xml\nrow: r", "<rs><r><sku>a</sku><price>1</price></r>", 2, None, "it is not XML"),
        ("format: xml\nrow: r", "<!DOCTYPE r [<!ENTITY a 'x'>]><rs><r/></rs>", 1, None, "it has a DTD"),
        ("format: xml\nrow: r", "<a>" * 70, 1, None, "more than 64 levels"),
        ("format: xml\nrow: r", "<rs a='" + "x" * 9_000_000, 1, None, "a tag has no end"),
        ("format: xml\nrow: r", "<rs><r>" + "x" * 1_100_000 + "</r></rs>", 1, None, "more than 1048576"),
        ("format: xlsx", "no workbook", 1, None, "no workbook that can be read"),
        ("format: xlsx", "PK\x03\x04", 1, None, "no workbook that can be read"),
    ],
)
async def test_a_misfit_tells_row_and_column(
    files: FilesApp, settings: str, content: bytes | str, row: int, column: str | None, said: str
) -> None:
    """In the sentence and in the data of the error, which a catch of `file` takes."""
    told = await _told(files, settings, content)
    assert told["kind"] == "file.format"
    assert said in told["message"]
    assert f"row {row}" in told["message"]
    assert told["data"] == {"file": "lines", "row": row, "column": column}


@pytest.mark.parametrize(
    ("settings", "content"),
    [
        ("format: delimited", "\ufeffsku,price,day,other\r\na,1.50,,x\r\n\r\nb,2,2026-05-19,\r\n"),
        ("format: delimited", "sku,price,day\na,1.50,\nb,2,2026-05-19"),
        ("format: delimited", "price,day,sku\r1.50,,a\r2,2026-05-19,b\r"),
        ("format: delimited\nskip: 2", "a report\nof May,,,\nsku,price,day\na, 1.50 ,\nb,2,2026-05-19\n"),
        ("format: delimited\nheader: false\ncolumns: {sku: 1, price: 3, day: 4}", "a,x,1.50,\nb,y,2,2026-05-19\n"),
        ("format: delimited\nheader: false\ncolumns: {sku: A, price: B, day: C}", "a,1.50,\nb,2,2026-05-19\n"),
        ('format: delimited\nquote: ""', "sku,price,day\na,1.50,\nb,2,2026-05-19\n"),
        ("format: fixed width\nheader: true\ncolumns: {sku: 4, day: 10-19, price: 5-9}", "HEAD\na    1.50          \n\nb    2   2026-05-19\n"),
        ("format: xml\nrow: r", "<x:rs xmlns:x='u'><x:r><sku>a</sku><price>1.50</price><day/></x:r><r><price>2</price><sku>b</sku><day>2026-05-19</day></r></x:rs>"),
        ("format: xml\nrow: r\ncolumns: {sku: '@id', price: p/amount, day: 'p/@day'}", "<rs><r id='a'><p><amount>1.50</amount></p></r><r id='b'><p day='2026-05-19'><amount>2</amount></p></r></rs>"),
        ("format: json lines", '{"sku": "a", "price": 1.50, "other": [1]}\n\n{"sku": "b", "price": 2.0, "day": "2026-05-19"}'),
    ],
)  # fmt: skip
async def test_files_of_others_are_read(files: FilesApp, settings: str, content: str) -> None:
    """Marks, line ends, headers in other orders, skipped rows, positions, paths: the same two lines."""
    out = (await files.read(settings, content))["Out"]
    assert [(line["sku"], line["price"], line["day"]) for line in out["lines"]] == [
        ("a", Decimal("1.50"), None),
        ("b", 2, "2026-05-19"),
    ]


@pytest.mark.parametrize(
    ("zone", "wanted"),
    [("Europe/Berlin", ["zoned", "local", "later"]), ("America/New_York", ["zoned", "later", "local"])],
)
async def test_times_without_an_offset_are_sorted_in_the_app_s_zone(
    files: FilesApp, zone: str, wanted: list[str]
) -> None:
    """Among those with one, as a formula of the app compares them."""
    content = "sku,price,at\nlater,1,2026-07-01T01:30:00Z\nlocal,1,2026-07-01T03:00:00\nzoned,1,2026-07-01T00:30:00Z\n"
    (files.inbox / "times").write_text(content)
    app = files.app(read_flow("format: delimited\nsort: [at]"), app=f"{APP}time_zone: {zone}\n")
    out = (await app.call("Read", {"In": {"file": "times"}}))["Out"]
    assert [line["sku"] for line in out["lines"]] == wanted


@pytest.mark.parametrize(
    ("settings", "content", "codec"),
    [
        ("format: delimited\nencoding: tis-620", "sku,price\nกข,1\n", "cp874"),
        ("format: delimited\nencoding: windows-874", "sku,price\nกข,1\n", "utf-8-sig"),
        ("format: delimited", "sku,price\nกข,1\n", "utf-16"),
        ("format: delimited\nencoding: utf-16", "sku,price\nกข,1\n", "utf-16-be"),
        ("format: fixed width\ncolumns: {sku: 2, price: 1}", "กข1\n", "utf-8-sig"),
        ("format: json lines", '{"sku": "กข", "price": 1}', "utf-16"),
        ("format: json lines", '{"sku": "กข", "price": 1}', "utf-8-sig"),
        ("format: json lines\nencoding: cp874", '{"sku": "กข",\r"price": 1}', "cp874"),
        (
            "format: xml",
            '<?xml version="1.0" encoding="TIS-620"?><a><row><sku>กข</sku><price>1</price></row></a>',
            "cp874",
        ),
        (
            "format: xml",
            '<?xml version="1.0" encoding="utf-16"?><a><row><sku>กข</sku><price>1</price></row></a>',
            "utf-8",
        ),
        ("format: xml", "<a><row><sku>กข</sku><price>1</price></row></a>", "utf-16"),
    ],
)
async def test_files_in_other_encodings(files: FilesApp, settings: str, content: str, codec: str) -> None:
    """A mark and a declaration count in every format."""
    out = (await files.read(settings, content.encode(codec)))["Out"]
    assert [(line["sku"], line["price"]) for line in out["lines"]] == [("กข", 1)]


async def test_an_encoding_of_a_document_that_is_not_known(files: FilesApp) -> None:
    """It is told with the nearest."""
    told = await _told(files, "format: xml", '<?xml version="1.0" encoding="tis-621"?><a/>')
    assert 'has an encoding that is not known: "tis-621" (did you mean "TIS-620"?)' in told["message"]


_STOCK = "sku,price,day\nb,2,2026-01-02\na,3,\nb,2.0,2026-01-02\nc,1,2026-01-01\na,3,2026-01-03\n"


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ("distinct: true", ["b2", "a3", "c1", "a3"]),
        ("distinct: [sku]", ["b2", "a3", "c1"]),
        ("filter: = Record.price > In.least", ["b2", "a3", "b2.0", "a3"]),
        ("filter: '= Record.day != null and Record.day < date(\"2026-01-02\")'", ["c1"]),
        ("sort: [sku, price descending]", ["a3", "a3", "b2", "b2.0", "c1"]),
        ("sort: [day descending, sku]", ["a3", "b2", "b2.0", "c1", "a3"]),
        ('distinct: true\nfilter: = Record.sku != "a"\nsort: [price]', ["c1", "b2"]),
        ("filter: = false", []),
        ("filter: = null", []),
    ],
)  # fmt: skip
async def test_records_are_chosen_and_sorted(files: FilesApp, settings: str, wanted: list[str]) -> None:
    """Duplicates by value, not by spelling; those without a value last."""
    out = (await files.read("format: delimited\n" + settings, _STOCK, given={"least": Decimal("1.5")}))["Out"]
    assert [f"{line['sku']}{line['price']}" for line in out["lines"]] == wanted
    assert out["count"] == len(wanted)


async def test_a_filter_that_fails_is_told(files: FilesApp) -> None:
    """As an error of the formula."""
    told = await _told(files, "format: delimited\nfilter: = 1 / (Record.price - 2) > 0", _STOCK)
    assert told["kind"] == "formula"


def _there(files: FilesApp) -> list[str]:
    return sorted(str(path.relative_to(files.inbox)) for path in files.inbox.rglob("*") if path.is_file())


_MOVES = "format: delimited\nmove: '= \"done/\" + In.file'\nmove_failed: failed/one"


async def test_the_file_is_moved_when_it_was_read(files: FilesApp) -> None:
    """Into a folder that is made; a second one of the name does not replace the first unless that is said."""
    await files.read(_MOVES, _STOCK)
    assert _there(files) == ["done/lines"]
    assert (await _told(files, _MOVES, _STOCK))["kind"] == "file.exists"
    await files.read(_MOVES + "\nreplace: true", _STOCK)
    assert _there(files) == ["done/lines"]


@pytest.mark.parametrize(
    ("settings", "content"),
    [(_MOVES, "sku,price\na,x\n"), (_MOVES + "\nfilter: = 1 / 0 > Record.price", _STOCK)],
)
async def test_the_file_is_moved_aside_when_reading_failed(files: FilesApp, settings: str, content: str) -> None:
    """Whether by a row or by a formula; when that fails too, the error says so."""
    await _told(files, settings, content)
    assert _there(files) == ["failed/one"]
    told = await _told(files, settings, content)
    assert "could not be moved aside" in told["message"]


async def test_a_file_that_is_not_there_moves_nothing(files: FilesApp) -> None:
    """The error is `file.missing`, with the file in its data."""
    app = files.app(read_flow(_MOVES, catch=True))
    told = (await app.call("Read", {"In": {"file": "none"}}))["Told"]
    assert told["kind"] == "file.missing"
    assert told["data"]["file"] == "none"
    assert _there(files) == []


async def test_the_file_is_removed_when_that_is_said(files: FilesApp) -> None:
    """After it was read, and only then."""
    await files.read("format: delimited\nremove: true", _STOCK)
    assert _there(files) == []
    await _told(files, "format: delimited\nremove: true", "sku,price\na,x\n")
    assert _there(files) == ["lines"]


async def test_more_records_than_the_limit_are_an_error(files: FilesApp) -> None:
    """That no catch takes; as many as the limit are fine."""
    await files.read("format: delimited", _STOCK, limits=RunLimits(rows=5))
    with pytest.raises(LimitExceeded, match="limit of 4"):
        await files.read("format: delimited", _STOCK, catch=True, limits=RunLimits(rows=4))


async def test_whoever_has_no_right_reads_nothing(files: FilesApp) -> None:
    """The right is to the connection, by the app's name and its own."""
    nobody = Principal(username="nobody", grants=frozenset({("connection", "Shop/web", "use")}))
    with pytest.raises(NodeError, match="may not use") as caught:
        await files.read(_MOVES, _STOCK, principal=nobody)
    assert caught.value.kind == "permission"
    assert _there(files) == ["lines"]
    somebody = Principal(username="somebody", grants=frozenset({("connection", "Shop/inbox", "use")}))
    await files.read(_MOVES, _STOCK, principal=somebody)


async def test_what_a_caller_sends_is_no_way_out(files: FilesApp) -> None:
    """And is never looked at for variables, secrets or formulas."""
    (files.inbox.parent / "secret").write_text("sku,price\ns,1\n")
    app = files.app(read_flow("format: delimited", catch=True))
    for name in ("../secret", "/etc/passwd", "x/../../secret"):
        told = (await app.call("Read", {"In": {"file": name}}))["Told"]
        assert told["kind"] == "file"
    for name in ("{{secrets.X}}", "${HOME}", "{name}", "= 1 + 1"):
        told = (await app.call("Read", {"In": {"file": name}}))["Told"]
        assert told["data"]["file"] == name


async def test_a_connection_that_cannot_be_used_says_why(files: FilesApp) -> None:
    """As `file`: a folder that the operator has not named."""
    app = files.app(read_flow("format: delimited", catch=True), app=APP.replace("path: inbox", "path: /etc"))
    told = (await app.call("Read", {"In": {"file": "passwd"}}))["Told"]
    assert told["kind"] == "file"
    assert "file_folders" in told["message"]


async def test_records_that_do_not_fit_are_left_out(files: FilesApp) -> None:
    """Where the node says so: they are told with their row, and the file is read to its end."""
    (files.inbox / "in").write_bytes(b"sku,price\na,1\nb,x\nc,3\n")
    flow = read_flow("format: delimited\ncolumns: {sku: sku, price: price}\nbad_records: leave out")
    told = '"= for each in bad return {sku: each.reason, price: each.row}"'
    flow = flow.replace("Out.lines: = records", f"Out.lines: {told}")
    out = await files.app(flow).call("Read", {"In": {"file": "in"}})
    (line,) = out["Out"]["lines"]
    assert (line["sku"], line["price"]) == ('expected decimal, found text "x"', 3)
