"""What can be wrong with `file read` and `file write` before anything runs."""

import pytest
from tests.unit.nodes.file_flows import APP, ASK, DATA, LINE, LINES, TOLD, read_flow, write_flow
from tests.unit.small_apps import faults_of

_BOX = "business_object: Box\nfields:\n  lines: [Line]\n  name: string\n"


def _codes(*flows: str) -> list[str]:
    found = faults_of(APP, LINE, LINES, ASK, TOLD, DATA, _BOX, *flows)
    return [fault.code for fault in found if fault.is_error]


def _messages(flow: str) -> str:
    found = faults_of(APP, LINE, LINES, ASK, TOLD, DATA, _BOX, flow)
    return "\n".join(fault.one_line() for fault in found)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("format: csv", "MF-D059"),
        ("format: delimited\nrow: x", "MF-D161"),
        ("format: xml\nseparator: ','", "MF-D161"),
        ("format: json lines\ncolumns: {sku: SKU}", "MF-D161"),
        ("format: xlsx\nencoding: utf-8", "MF-D161"),
        ("format: xml\nencoding: utf-8", "MF-D161"),
        ("format: delimited\nencoding: windows-875", "MF-D162"),
        ("format: delimited\nseparator: ''", "MF-D162"),
        ("format: delimited\nseparator: ';;'", "MF-D162"),
        ("format: delimited\nquote: ','", "MF-D162"),
        ("format: delimited\nencoding: rot13", "MF-D162"),
        ("format: delimited\nencoding: unicode_escape", "MF-D162"),
        ("format: delimited\ndates: DD/MM", "MF-D162"),
        ("format: delimited\ndates: DD/MM/YYYYTDD", "MF-D162"),
        ("format: xlsx\nsheet: 0", "MF-D162"),
        ("format: xlsx\nsheet: 'a/b'", "MF-D162"),
        ("format: xml\nrow: 1a", "MF-D162"),
        ("format: delimited\ncolumns: {sku: SKU, prize: P}", "MF-D163"),
        ("format: delimited\ncolumns: {sku: SKU}", "MF-D163"),
        ("format: delimited\ncolumns: {sku: 0, price: 1}", "MF-D163"),
        ("format: delimited\ncolumns: {sku: A, price: A}", "MF-D163"),
        ("format: fixed width", "MF-D163"),
        ("format: fixed width\ncolumns: {sku: 4-2, price: 3}", "MF-D163"),
        ("format: fixed width\ncolumns: {sku: wide, price: 3}", "MF-D163"),
        ("format: xml\ncolumns: {sku: 'a//b', price: p}", "MF-D163"),
        ("format: delimited\nmove: 1", "MF-D164"),
        ("format: delimited\nfilter: Record.price > 1", "MF-D165"),
        ("format: delimited\nsort: [prize]", "MF-D165"),
        ("format: delimited\ndistinct: [prize]", "MF-D165"),
        ("format: delimited\nmove: x\nremove: true", "MF-D165"),
        ("format: delimited\nin: {x: 1}", "MF-D070"),
        ("format: delimited\nskip: -1", "MF-D059"),
    ],
)
def test_faults_of_reading(settings: str, code: str) -> None:
    """Each setting that cannot be has its code, and nothing else is told."""
    assert set(_codes(read_flow(settings))) == {code}


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("format: xlsx\nexisting: append", "MF-D166"),
        ("format: xml\nexisting: append", "MF-D166"),
        ("format: delimited\nencoding: utf-16\nexisting: append", "MF-D166"),
        ("format: delimited\ncolumns: {sku: 1, price: 2}", "MF-D166"),
        ("format: xml\ncolumns: {sku: a/b, price: p}", "MF-D166"),
        ("format: xml\nroot: '<'", "MF-D162"),
        ("format: json lines\nline_end: lf", "MF-D161"),
        ("format: delimited\nskip: 1", "MF-D057"),
        ("format: delimited\nexisting: overwrite", "MF-D059"),
    ],
)
def test_faults_of_writing(settings: str, code: str) -> None:
    """Each setting that cannot be has its code, and nothing else is told."""
    assert set(_codes(write_flow(settings))) == {code}


def test_faults_of_connection_and_record() -> None:
    """A connection that is not there or holds no files, a record that is no Business Object or holds lists."""
    flow = read_flow("format: delimited")
    assert "types that do: folder" in _messages(flow.replace("connection: inbox", "connection: web"))
    assert "MF-D110" in _codes(flow.replace("connection: inbox", "connection: outbox"))
    assert "MF-D160" in _codes(flow.replace("record: Line", "record: string"))
    assert "MF-D160" in _codes(flow.replace("record: Line", 'record: "[Line]"'))
    assert "MF-D106" in _codes(flow.replace("record: Line", "record: Lime"))
    boxes = flow.replace("record: Line", "record: Lines")
    assert "no single value" in _messages(boxes)
    assert "is a formula" in _messages(write_flow("format: xlsx").replace("= Lines.lines", "Lines.lines"))


def test_a_filter_is_checked_against_the_record() -> None:
    """A field that it has not is a fault of the formula, before anything runs."""
    assert _codes(read_flow("format: delimited\nfilter: = Record.prize > 1"))[0].startswith("MF-F")
    assert _codes(read_flow("format: delimited\nfilter: = Record.price"))[0].startswith("MF-F")


def test_a_loop_takes_no_sorted_source() -> None:
    """Sorting would hold all records."""
    flow = """
microflow: Loop
inputs: {In: Ask}
variables: {Line: Line}
nodes:
  Start: {type: start, next: Each}
  Each:
    type: loop
    from: {type: file read, connection: inbox, file: a, format: delimited, record: Line, sort: [sku]}
    next: End
    nodes:
      Start: {type: start, next: Say}
      Say: {type: log, message: = Item.sku, next: End}
      End: {type: end}
  End: {type: end}
"""
    assert _codes(flow) == ["MF-D165"]
    assert _codes(flow.replace(", sort: [sku]", "")) == []
