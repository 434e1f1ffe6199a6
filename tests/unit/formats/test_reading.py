"""Records out of files, and what is told of those that do not fit."""

import io
from decimal import Decimal

import pytest

from microflow_runtime.compiler.business_objects import build_classes
from microflow_runtime.errors import NodeError
from microflow_runtime.formats.layout import Column, Layout
from microflow_runtime.formats.reading import RecordReader
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.type_ref import TypeRef

FIELDS = (
    Field(name="code", type=TypeRef("integer"), sensitive=True),
    Field(name="day", type=TypeRef("date"), sensitive=True),
    Field(name="short", type=TypeRef("string"), max_length=3, sensitive=True),
)
GOOD = {"code": "7", "day": "2026-01-02", "short": "abc"}


def layout_of(kind: str) -> Layout:
    """Give the layout of a file of the three fields."""
    places = {
        "delimited": [0, 1, 2],
        "fixed width": [(0, 20), (20, 40), (40, 60)],
        "xml": [("code",), ("day",), ("short",)],
    }
    columns = tuple(
        Column(field=field, label=field.name, place=place)
        for field, place in zip(FIELDS, places.get(kind, [0, 1, 2]), strict=True)
    )
    bo_class = build_classes([BusinessObject(name="Card", fields=FIELDS)])["Card"]
    return Layout(format=kind, bo_class=bo_class, columns=columns if kind != "json lines" else (), header=False)


def written(kind: str, record: dict[str, str]) -> bytes:
    """Write one record by hand."""
    if kind == "delimited":
        return ",".join(record.values()).encode()
    if kind == "fixed width":
        return "".join(value.ljust(20) for value in record.values()).encode()
    if kind == "xml":
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in record.items())
        return f"<rows><row>{inner}</row></rows>".encode()
    values = (
        f'"{name}":{value if name == "code" and value.isdigit() else chr(34) + value + chr(34)}'
        for name, value in record.items()
    )
    return ("{" + ",".join(values) + "}\n").encode()


@pytest.mark.parametrize("kind", ["delimited", "fixed width", "xml", "json lines"])
@pytest.mark.parametrize("field", list(GOOD))
def test_a_sensitive_cell_is_not_quoted(kind: str, field: str) -> None:
    """Row and column are told, and the kind of what stands there."""
    good = RecordReader(io.BytesIO(written(kind, GOOD)), layout_of(kind), "cards").take(10)
    assert good[0]["code"] == Decimal(7)
    with pytest.raises(NodeError) as caught:
        RecordReader(io.BytesIO(written(kind, {**GOOD, field: "c4n4ry"})), layout_of(kind), "cards").take(10)
    assert "c4n4ry" not in f"{caught.value.message} {caught.value.data}"
    assert "found" in caught.value.message
    assert caught.value.data["row"] == 1
