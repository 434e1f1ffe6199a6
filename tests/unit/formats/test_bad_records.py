"""Records that are left out of a table: the next ones are read, and what was wrong is told as it stood."""

import io
from typing import Any

import pytest
from tests.unit.formats.test_xlsx import _layout

from microflow_runtime.compiler.business_objects import build_classes
from microflow_runtime.errors import NodeError
from microflow_runtime.formats import Layout, RecordReader
from microflow_runtime.formats.bad_records import BadRecord
from microflow_runtime.formats.layout import Column
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.type_ref import TypeRef

TEXT = b"sku,price\na,1\nb,x\nc\n,2\nd,4\n"


def _delimited(*, leaves_out: bool, sensitive: bool = False) -> Layout:
    fields = (
        Field(name="sku", type=TypeRef("string"), min_length=1),
        Field(name="price", type=TypeRef("decimal"), sensitive=sensitive),
    )
    made = build_classes([BusinessObject(name="Line", fields=fields)])["Line"]
    columns = tuple(Column(field=field, label=field.name, place=field.name) for field in fields)
    return Layout(format="delimited", bo_class=made, columns=columns, leaves_out=leaves_out)


def _read(layout: Layout, content: bytes = TEXT, most: int = 100) -> tuple[list[Any], list[BadRecord]]:
    reader = RecordReader(io.BytesIO(content), layout, "f")
    records: list[Any] = []
    bad: list[BadRecord] = []
    while taken := reader.take(most):
        records += taken
        bad += reader.bad.take() if reader.bad is not None else []
    return records, bad + (reader.bad.take() if reader.bad is not None else [])


@pytest.mark.parametrize("most", [1, 2, 100])
def test_the_others_are_read(most: int) -> None:
    """Whatever was wrong: a cell, the number of cells, or what the Business Object asks for."""
    records, bad = _read(_delimited(leaves_out=True), most=most)
    assert [record["sku"] for record in records] == ["a", "d"]
    assert [(each.row, each.column, each.cells) for each in bad] == [
        (3, "price", ["b", "x"]),
        (4, "", ["c"]),
        (5, "sku", ["", "2"]),
    ]
    assert bad[0].reason == 'expected decimal, found text "x"'
    assert bad[1].reason == "it has 1 cells, and the first row 2"


def test_the_first_one_ends_the_reading_unless_said() -> None:
    """As ever."""
    with pytest.raises(NodeError, match='row 3, column "price"'):
        _read(_delimited(leaves_out=False))


def test_many_in_a_row() -> None:
    """Hundreds of bad records without a good one between them end nothing."""
    records, bad = _read(_delimited(leaves_out=True), b"sku,price\n" + b"a,x\n" * 3000 + b"b,1\n", most=500)
    assert (len(records), len(bad)) == (1, 3000)


def test_nothing_sensitive_is_told() -> None:
    """Neither in the reason nor as the cells of the row."""
    _, bad = _read(_delimited(leaves_out=True, sensitive=True), b"sku,price\nb,secret\n")
    assert (bad[0].column, bad[0].cells, "secret" in bad[0].reason) == ("price", [], False)


def test_a_file_that_is_no_table_ends_all_the_same() -> None:
    """What no row can be cut out of."""
    with pytest.raises(NodeError, match="it is no delimited row"):
        _read(_delimited(leaves_out=True), b'sku,price\n"a"b,1\n')
    assert _layout().leaves_out is False
