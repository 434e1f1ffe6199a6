"""Which of a flow's snapshots answers."""

from microflow_runtime.runtime.active import with_active
from microflow_runtime.runtime.manifest import FlowRecord


def _record(name: str, *, origin: str = "folder", snapshot: str = "s") -> FlowRecord:
    return FlowRecord(
        app="Shop",
        name=name,
        id="0",
        version="v",
        snapshot=snapshot,
        app_hash="a",
        flow_hash=f"{name}{origin}",
        business_objects={},
        callees=(),
        key="",
        origin=origin,
    )


def test_the_folder_s_flow_is_the_active_one() -> None:
    """Of several snapshots the working folder's wins, else the package that was fetched last."""
    first, second = _record("A", origin="p1", snapshot="v1"), _record("A", origin="p2", snapshot="v2")
    assert [record.active for record in with_active([first, second])] == [False, True]
    assert [record.active for record in with_active([_record("A"), first, second])] == [True, False, False]
    assert [record.active for record in with_active([first, second, _record("A")])] == [False, False, True]


def _active(records: list[FlowRecord], activated: dict[str, str]) -> list[str]:
    return [
        f"{record.name} {record.origin} {record.snapshot}"
        for record in with_active(records, activated)
        if record.active
    ]


def test_an_activated_snapshot_answers_alone() -> None:
    """Of a whole snapshot or a patch just its flows are active; of single flows they come first, the others as before."""
    records = [
        _record("A"), _record("B"),
        _record("A", origin="full", snapshot="v1"), _record("C", origin="full", snapshot="v1"),
        _record("A", origin="patch", snapshot="v2"),
        _record("A", origin="p1.jar", snapshot="v3"), _record("D", origin="p2.jar", snapshot="v3"),
    ]  # fmt: skip
    today = ["A folder s", "B folder s", "D p2.jar v3"]
    assert _active(records, {}) == _active(records, {"Shop": ""}) == _active(records, {"Other": "v1"}) == today
    assert _active(records, {"Shop": "v1"}) == ["A full v1", "C full v1"]
    assert _active(records, {"Shop": "v2"}) == ["A patch v2"]
    assert _active(records, {"Shop": "v3"}) == ["B folder s", "A p1.jar v3", "D p2.jar v3"]


def test_a_whole_snapshot_that_nobody_activated_does_not_answer() -> None:
    """Publishing is not activating, also where nothing else has the flow."""
    assert _active([_record("A", origin="full", snapshot="v1")], {}) == []
