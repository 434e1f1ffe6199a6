"""Tests of the files in `business_objects/`."""

from decimal import Decimal

import pytest

from microflow_runtime.compiler.reading.definitions import define
from microflow_runtime.compiler.reading.documents import parse
from microflow_runtime.errors import Fault
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.type_ref import TypeRef


def read(text: str) -> tuple[object, tuple[Fault, ...]]:
    """Read the text of a Business Object."""
    document, faults = parse("business_object", "b.yaml", text.encode())
    assert document is not None
    assert faults == ()
    return define(document)


def test_every_key_fills_the_record() -> None:
    """Short and long fields are read in their order, limits with the digits they were written with."""
    record, faults = read(
        "business_object: Order\n"
        "description: An order.\n"
        "fields:\n"
        "  เลขที่ order: string?\n"
        "  lines: [OrderLine]\n"
        "  price: {type: decimal, default: 1.50, min: 0.10, max: 1e3, description: In baht.}\n"
        '  code: {type: string, min_length: 1, max_length: 3, pattern: "[A-Z]+", one_of: [A, "1", 2], sensitive: true}\n'
        '  maybe: "[string]?"\n'
    )
    assert [fault.message for fault in faults] == ["The number 2 is no `string`"]
    assert record == BusinessObject(
        name="Order",
        description="An order.",
        fields=(
            Field(name="เลขที่ order", type=TypeRef("string", is_optional=True)),
            Field(name="lines", type=TypeRef("OrderLine", is_list=True)),
            Field(
                name="price",
                type=TypeRef("decimal"),
                default=Decimal("1.50"),
                minimum="0.10",
                maximum="1000",
                description="In baht.",
            ),
            Field(
                name="code",
                type=TypeRef("string"),
                min_length=1,
                max_length=3,
                pattern="[A-Z]+",
                one_of=("A", "1", "2"),
                sensitive=True,
            ),
            Field(name="maybe", type=TypeRef("string", is_list=True, is_optional=True)),
        ),
    )


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("{type: string, min: 1}", "MF-D022"),
        ("{type: date, max: 1}", "MF-D022"),
        ("{type: decimal, min_length: 1}", "MF-D022"),
        ("{type: decimal, pattern: x}", "MF-D022"),
        ("{type: boolean, one_of: [true]}", "MF-D012"),
        ("{type: Other, one_of: [a]}", "MF-D022"),
        ("{type: decimal, min: 2, max: 1}", "MF-D017"),
        ("{type: string, min_length: 2, max_length: 1}", "MF-D017"),
        ("{type: integer, default: 1.5}", "MF-D021"),
        ("{type: integer, default: '1'}", "MF-D021"),
        ("{type: string, default: 1}", "MF-D021"),
        ("{type: [string], default: x}", "MF-D021"),
        ("{type: date, default: tomorrow}", "MF-D021"),
        ("{type: boolean, default: no}", "MF-D021"),
        ("{type: string, defualt: x}", "MF-D010"),
        ("{default: x}", "MF-D011"),
        ("{type: Sting, min: x}", "MF-D012"),
        ("{type: String}", "MF-D014"),
        ("5", "MF-D012"),
    ],
)
def test_a_field_that_does_not_agree_with_itself(field: str, code: str) -> None:
    """Limits and defaults belong to a type; one that does not is a fault at its place."""
    _, faults = read(f"business_object: B\nfields:\n  f: {field}\n")
    assert code in [fault.code for fault in faults]


@pytest.mark.parametrize(
    "field",
    [
        "{type: [Line], min_length: 1}",
        "{type: integer, default: 2.0, one_of: [1, 2]}",
        "{type: date, default: 2026-05-19}",
        "{type: Other, default: {a: 1}}",
        "{type: string, default: null}",
    ],
)
def test_limits_that_agree(field: str) -> None:
    """Lists have lengths, whole decimals are integers, and null is no default."""
    _, faults = read(f"business_object: B\nfields:\n  f: {field}\n")
    assert faults == ()


def test_all_faults_are_told_in_the_order_of_the_file() -> None:
    """One wrong field does not hide another."""
    _, faults = read(
        "business_object: String\nfields:\n  a.b: string\n  c: Integer\n  d: {type: string, min: 1}\nfeilds: 1\n"
    )
    assert [(fault.code, fault.place.line) for fault in faults if fault.place] == [
        ("MF-D013", 1),
        ("MF-D013", 3),
        ("MF-D014", 4),
        ("MF-D022", 5),
        ("MF-D010", 6),
    ]
