"""A catalog: what is found in it, what it makes when it is asked, and what it takes over."""

from tests.unit.small_apps import LINE, ORDER, catalog_of

from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Catalog
from microflow_runtime.runtime.manifest import Manifest
from microflow_runtime.telemetry import Metrics


def _flow(name: str, callee: str = "") -> str:
    call = f"  Call: {{type: sub flow, flow: {callee}, next: End}}\n" if callee else ""
    start = f"  Start: {{type: start, next: {'Call' if callee else 'End'}}}\n"
    return f"microflow: {name}\nnodes:\n{start}{call}  End: {{type: end}}\n"


def test_a_catalog_looks_up_by_name() -> None:
    """A flow is found by its exact name; another spelling is not it."""
    catalog = catalog_of(ORDER, LINE, _flow("Leaf"))
    assert [entry.object_name for entry in catalog.find_named("Leaf")] == ["Shop/Leaf"]
    assert catalog.find_named("leaf") == ()


def test_entries_are_made_once() -> None:
    """The same entry is given again, by name, by place, and among those that answer."""
    catalog = catalog_of(ORDER, LINE, _flow("Leaf"))
    (entry,) = catalog.find_named("Leaf")
    assert catalog.find_named("Leaf")[0] is entry
    assert catalog.find_answering("Leaf") == (entry,)
    assert catalog.find_place(entry.record.place) is entry
    assert catalog.find_place(("Shop", "Leaf", "v.9")) is None


def test_a_record_of_the_folder_names_its_version() -> None:
    """The version of the working folder, which is kept apart, is put into the record of an entry."""
    (entry,) = catalog_of(_flow("Leaf")).find_named("Leaf")
    assert entry.record.snapshot.startswith("v.1.0.0+")
    assert entry.snapshot_header == entry.record.snapshot.encode()


def test_a_long_chain_of_calls_is_found() -> None:
    """Flows that call each other two hundred deep are no trouble, and the plans behind them are made when they are needed."""
    names = [f"F{number}" for number in range(200)]
    catalog = catalog_of(*(_flow(name, callee) for name, callee in zip(names, [*names[1:], ""], strict=True)))
    (entry,) = catalog.find_named("F0")
    assert entry.plan.name == "F0"
    assert catalog.find_named("F150")[0].made_plan is None


def test_the_next_catalog_takes_over_what_is_the_same() -> None:
    """A plan that both have is the very same; one that only the first has is let go."""
    texts = (_flow("One"), _flow("Two"))
    old = catalog_of(*texts)
    plans = {name: old.find_named(name)[0].plan for name in ("One", "Two")}
    kept = [record for record in old.manifest.flows if record.name == "One"]
    new = Catalog(2, Manifest(kept), old.bodies, NODE_TYPES, Metrics("0"), previous=old)
    assert new.find_named("One")[0].made_plan is plans["One"]
    assert new.find_named("Two") == ()
    again = Catalog(3, old.manifest, old.bodies, NODE_TYPES, Metrics("0"), previous=new)
    assert again.find_named("Two")[0].made_plan is None


def test_no_more_plans_are_kept_than_said() -> None:
    """Of the plans that were not used since they were looked at last the oldest is let go; it is made again when asked for."""
    made = catalog_of(*(_flow(f"F{number}") for number in range(5)))
    catalog = Catalog(2, made.manifest, made.bodies, NODE_TYPES, Metrics("0"), kept_plans=3)
    entries = [catalog.find_named(f"F{number}")[0] for number in range(5)]
    first = entries[0].plan
    for entry in entries[1:4]:
        _ = entry.plan
    assert [entry.lazy_plan.made is not None for entry in entries].count(True) == 3
    for _ in range(4):
        assert entries[3].plan is entries[3].plan
        assert [entry.plan.name for entry in entries] == [f"F{number}" for number in range(5)]
        assert [entry.lazy_plan.made is not None for entry in entries].count(True) == 3
    assert first.name == "F0"


def test_plans_that_are_called_are_known() -> None:
    """So that a change makes them anew before anybody waits for them."""
    catalog = catalog_of(_flow("One"), _flow("Two"))
    assert catalog.made_places() == []
    (entry,) = catalog.find_named("One")
    assert entry.plan.name == "One"
    assert catalog.made_places() == [entry.record.place]
    assert (catalog.was_made(entry.record.place), catalog.was_made(("Shop", "Two", "folder"))) == (True, False)
