"""Keys of flows: what a change reaches, and what it leaves alone."""

from time import monotonic

import msgspec
from tests.unit.small_apps import LINE, ORDER, source_of

from microflow_runtime.compiler.reading import read_definitions
from microflow_runtime.runtime.builder import records_of
from microflow_runtime.runtime.keys import with_keys
from microflow_runtime.runtime.manifest import FlowRecord

NOTE = "business_object: Note\nfields: {text: string?}\n"


def _flow(name: str, *callees: str, inputs: str = "") -> str:
    calls = "".join(
        f"  Call {number}: {{type: sub flow, flow: {callee}, next: {f'Call {number + 1}' if number + 1 < len(callees) else 'End'}}}\n"
        for number, callee in enumerate(callees)
    )
    head = f"microflow: {name}\n" + (f"inputs: {inputs}\n" if inputs else "")
    return (
        f"{head}nodes:\n  Start: {{type: start, next: {'Call 0' if callees else 'End'}}}\n{calls}  End: {{type: end}}\n"
    )


def _keys(*texts: str) -> dict[str, str]:
    definitions = read_definitions(source_of(*texts))
    return {record.name: record.key for record in with_keys(records_of(definitions, origin="folder", snapshot="s"))}


def _changed(before: tuple[str, ...], after: tuple[str, ...]) -> set[str]:
    old, new = _keys(*before), _keys(*after)
    return {name for name in new if old.get(name) != new[name]}


BASE = (
    ORDER,
    LINE,
    NOTE,
    _flow("Leaf", inputs="{In: Order?}"),
    _flow("Middle", "Leaf", inputs="{In: Note?}"),
    _flow("Top", "Middle"),
    _flow("Apart", inputs="{In: Note?}"),
)


def test_equal_definitions_have_equal_keys() -> None:
    """The same files give the same keys, in another process as well."""
    assert _changed(BASE, BASE) == set()


def test_a_business_object_of_a_callee_reaches_the_caller() -> None:
    """A change two types deep below a callee changes every flow that calls it, and no other."""
    changed = tuple(text.replace("price: decimal", "price: decimal?") for text in BASE)
    assert _changed(BASE, changed) == {"Leaf", "Middle", "Top"}


def test_a_flow_reaches_those_that_call_it() -> None:
    """A change of a flow changes its callers, not its callees."""
    changed = tuple(text + "description: other\n" if text.startswith("microflow: Middle") else text for text in BASE)
    assert _changed(BASE, changed) == {"Middle", "Top"}


def test_a_business_object_nobody_uses_reaches_nothing() -> None:
    """What is in no closure changes no key."""
    assert _changed(BASE, (*BASE, "business_object: New\nfields: {x: string}\n")) == set()


def test_the_app_reaches_every_flow() -> None:
    """A plan knows its app's data sources and zone."""
    assert _changed(BASE, (*BASE, "app: Shop\nversion: v.1.0.0\ntime_zone: Asia/Bangkok\n")) == {
        "Leaf",
        "Middle",
        "Top",
        "Apart",
    }


def test_a_ring_shares_its_changes() -> None:
    """Flows that call each other change together, and so do those that call into the ring."""
    ring = (_flow("A", "B"), _flow("B", "C"), _flow("C", "A"), _flow("Into", "B"), _flow("Beside"))
    changed = tuple(text + "description: other\n" if text.startswith("microflow: C") else text for text in ring)
    assert _changed(ring, changed) == {"A", "B", "C", "Into"}
    keys = _keys(*ring)
    assert len(set(keys.values())) == len(keys)


def test_a_callee_that_comes_changes_the_key() -> None:
    """A flow checked with its callee is not taken for one checked without."""
    assert "Top" in _changed((_flow("Top", "Leaf"),), (_flow("Top", "Leaf"), _flow("Leaf")))


def test_keys_of_flows_that_all_call_each_other_are_quick() -> None:
    """Forty flows that all call all need no more than a moment."""
    names = [f"F{number}" for number in range(40)]
    definitions = read_definitions(source_of(*(_flow(name, *names) for name in names)))
    records = records_of(definitions, origin="folder", snapshot="s")
    begun = monotonic()
    with_keys(records)
    assert monotonic() - begun < 0.5


def test_a_long_chain_of_calls_has_keys() -> None:
    """A chain longer than any stack is no trouble."""
    records = [_record(f"F{number}", callees=(f"F{number + 1}",)) for number in range(5000)]
    assert len({record.key for record in with_keys(records)}) == 5000


def _record(name: str, *, origin: str = "folder", snapshot: str = "s", callees: tuple[str, ...] = ()) -> FlowRecord:
    return FlowRecord(
        app="Shop",
        name=name,
        id="0",
        version="v",
        snapshot=snapshot,
        app_hash="a",
        flow_hash=f"{name}{origin}",
        business_objects={},
        callees=callees,
        key="",
        origin=origin,
    )


def test_a_sub_flow_is_looked_up_in_its_own_snapshot() -> None:
    """A package's flow calls its snapshot's flow, and the folder's change does not reach it."""
    records = [_record("Top", origin="p", snapshot="v1", callees=("Leaf",)), _record("Leaf", origin="p", snapshot="v1")]
    alone = with_keys(records)[0].key
    assert with_keys([*records, _record("Leaf")])[0].key == alone


def test_the_key_of_a_pinned_callee_enters_that_of_its_caller() -> None:
    """A caller has another key with another snapshot's flow, when that flow comes, and not when others change."""
    top = msgspec.structs.replace(_record("Top"), pinned=(("Leaf", "v1"),))
    one, two = (
        msgspec.structs.replace(_record("Leaf", origin="full", snapshot="v1"), flow_hash=text)
        for text in ("one", "two")
    )
    other = _record("Leaf", origin="full", snapshot="v2")
    keys = {with_keys(records)[0].key for records in ([top], [top, one], [top, two])}
    assert len(keys) == 3
    assert with_keys([top, one, other, _record("Leaf")])[0].key == with_keys([top, one])[0].key
    before = with_keys([top])
    current = {record.place: record for record in before}
    assert with_keys([*before, one], current)[0].key == with_keys([top, one])[0].key
