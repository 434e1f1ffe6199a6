"""The keys of flows: each stands for everything that the plan of a flow depends on, the flows that it calls included."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from microflow_runtime import __version__
from microflow_runtime.runtime.manifest import FlowRecord, Place, key_of
from microflow_runtime.runtime.rings import rings_of

COMPILER: Final = f"microflow {__version__}"
"""What checks and compiles: a check by another version counts for nothing."""


def with_keys(
    records: Sequence[FlowRecord], current: Mapping[Place, FlowRecord] = MappingProxyType({})
) -> tuple[FlowRecord, ...]:
    """Put into each record the key of everything its plan depends on; flows that call each other in a ring share their ring.

    A record that has the key of its place in the `current` catalog keeps it, unless a flow that it calls has changed,
    come or gone. Each ring comes after those that it calls, so that every flow is looked at once, however they call
    each other.
    """
    by_place = {record.place: record for record in records}
    keys = keys_of(_stale(by_place, current), by_place.get)
    for place, key in keys.items():
        by_place[place] = msgspec.structs.replace(by_place[place], key=key)
    if len(by_place) == len(records):
        return tuple(by_place.values())
    return tuple(msgspec.structs.replace(record, key=by_place[record.place].key) for record in records)


def keys_of(stale: Iterable[Place], find: Callable[[Place], FlowRecord | None]) -> dict[Place, str]:
    """Make the keys of the flows at these places, which are all there; those that they call and are not named have theirs."""
    records = {place: record for place in stale if (record := find(place)) is not None}
    calls = {
        place: [callee for _, _, callee in record.calls() if callee in records or find(callee) is not None]
        for place, record in records.items()
    }
    keys: dict[Place, str] = {}
    rings = rings_of({place: [callee for callee in called if callee in records] for place, called in calls.items()})
    for ring in rings:
        members = set(ring)
        own = {place: _own_key(records[place]) for place in ring}
        called = {callee for place in ring for callee in calls[place] if callee not in members}
        outside = {keys[callee] if callee in records else _found(find, callee).key for callee in called}
        whole = key_of(*sorted(own.values()), "calls", *sorted(outside))
        keys |= {place: key_of(own[place], whole) for place in ring}
    return keys


def key_alone(record: FlowRecord) -> str:
    """Make the key of a flow that calls no other."""
    own = _own_key(record)
    return key_of(own, key_of(own, "calls"))


def _found(find: Callable[[Place], FlowRecord | None], place: Place) -> FlowRecord:
    record = find(place)
    assert record is not None, "it was found before"
    return record


def _stale(by_place: Mapping[Place, FlowRecord], current: Mapping[Place, FlowRecord]) -> dict[Place, None]:
    """Give the places whose key must be made: new or changed ones, and whatever calls these or one that has gone."""
    stale: dict[Place, None] = {}
    callers: dict[Place, list[Place]] = {}
    for place, record in by_place.items():
        old = current.get(place)
        if old is None or not record.key or old.key != record.key:
            stale[place] = None
        if record.callees or record.pinned:
            for _, _, callee in record.calls():
                callers.setdefault(callee, []).append(place)
    if callers:
        gone = (place for place in current if place not in by_place)
        add_callers(stale, callers, gone)
    return stale


def add_callers(stale: dict[Place, None], callers: Mapping[Place, Sequence[Place]], gone: Iterable[Place]) -> None:
    """Add to the places whose keys must be made whatever calls one of these or one that has gone, at any remove."""
    waiting = [*stale, *gone]
    while waiting:
        for caller in callers.get(waiting.pop(), ()):
            if caller not in stale:
                stale[caller] = None
                waiting.append(caller)


def _own_key(record: FlowRecord) -> str:
    objects = [part for item in sorted(record.business_objects.items()) for part in item]
    files = [part for item in sorted(record.files.items()) for part in item]
    return key_of(
        COMPILER, record.app, record.flow_hash, record.app_hash, *objects, *(("files", *files) if files else ())
    )
