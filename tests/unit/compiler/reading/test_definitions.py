"""Tests of making records of documents."""

from microflow_runtime.compiler.reading.definitions import SHAPES, define
from microflow_runtime.compiler.reading.documents import parse


def test_every_kind_of_document_has_a_shape() -> None:
    """The table covers the three kinds of files."""
    assert set(SHAPES) == {"app", "business_object", "microflow"}


def test_a_record_can_come_with_faults() -> None:
    """An unknown key, or an optional one that is wrong, does not hide the rest of the file."""
    document, _ = parse("business_object", "b.yaml", b"business_object: B\nfields: {a: string}\ndescription: 5\nx: 1\n")
    assert document is not None
    record, faults = define(document)
    assert record is not None
    assert [fault.code for fault in faults] == ["MF-D012", "MF-D010"]


def test_good_definitions_need_no_positions() -> None:
    """Reading a file a second time for its positions happens for faults only."""
    document, _ = parse("business_object", "b.yaml", b"business_object: B\nfields: {a: string}\n")
    assert document is not None
    define(document)
    assert "_marks" not in document.__dict__
