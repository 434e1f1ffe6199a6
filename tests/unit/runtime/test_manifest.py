"""Rows of catalogs and sections: what is written is read again, and what something else wrote is told."""

import msgspec
import pytest

from microflow_runtime.errors import StoreError
from microflow_runtime.runtime.manifest import (
    EMPTY,
    FlowRecord,
    Manifest,
    decode_manifest,
    decode_section,
    encode_manifest,
    section_of,
)

RECORD = FlowRecord(
    app="Shop", name="Say", id="1", version="v.1", snapshot="v.1", app_hash="a", flow_hash="f",
    business_objects={"Text": "t"}, callees=("Own",), pinned=(("Far", "v.0"),), files={"files/a.wsdl": "file-x"},
    key="k", origin="patch", active=False, runs_as="robot",
)  # fmt: skip


def test_a_manifest_survives_its_rows() -> None:
    """Snapshots, origins, what is active and what was activated come back as they were."""
    folder = msgspec.structs.replace(RECORD, origin="folder", snapshot="v.1+00000000", active=True)
    manifest = Manifest(flows=(RECORD, folder), active={"Shop": "", "Other": "v.2"})
    rows = {section.key: section.encode() for section in manifest.sections if section.records}
    row = decode_manifest(encode_manifest(manifest))
    sections = [decode_section(key, rows[key]) if key else EMPTY for key in row.sections]
    again = Manifest.of_sections(sections, row.active, row.working)
    assert again == manifest
    assert again.flows == (RECORD, folder)


def test_a_folder_s_version_stands_in_no_section() -> None:
    """A change elsewhere in the folder, which gives it another version, leaves the sections as they are."""
    first, second = (
        msgspec.structs.replace(RECORD, origin="folder", snapshot=f"v.1+{number:08}") for number in range(2)
    )
    one, other = Manifest((first,)), Manifest((second,))
    assert one != other
    assert one.sections == other.sections
    assert other.sharing(one).sections[section_of("Say")] is one.sections[section_of("Say")]
    assert other.find(second.place) is not None
    assert other.complete(other.named("Say")[0]) == second


def test_a_manifest_needs_its_files() -> None:
    """Documents and shared files alike."""
    assert Manifest(flows=(RECORD,)).hashes() == {"a", "f", "t", "file-x"}


def test_calls_tell_where_flows_stand() -> None:
    """An own callee in the record's group, a pinned one in its snapshot."""
    assert list(RECORD.calls()) == [("Own", "", ("Shop", "Own", "v.1")), ("Far", "v.0", ("Shop", "Far", "v.0"))]
    assert (RECORD.kind, msgspec.structs.replace(RECORD, origin="1.Shop.Say.v.1.jar").kind) == ("patch", "flows")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'[["k"], {}]', b'{"flows": []}', b"[[], []]"])
def test_rows_that_something_else_wrote(body: bytes) -> None:
    """They are told as a damaged store, not guessed at."""
    with pytest.raises(StoreError):
        decode_manifest(body)
    with pytest.raises(StoreError):
        decode_section("key", body + b"x")
