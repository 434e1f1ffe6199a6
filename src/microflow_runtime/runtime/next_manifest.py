"""From one manifest to the next: only the sections in which something changes are made anew."""

from collections.abc import Collection, Mapping

import msgspec

from microflow_runtime.runtime.active import with_active
from microflow_runtime.runtime.keys import add_callers, key_alone, keys_of
from microflow_runtime.runtime.manifest import EMPTY, FlowRecord, Manifest, Place, Section, section_of
from microflow_runtime.runtime.slices import Slices


async def next_manifest(
    old: Manifest,
    put: Mapping[Place, FlowRecord],
    gone: Collection[Place],
    *,
    active: Mapping[str, str],
    working: Mapping[str, str],
) -> Manifest:
    """Give the manifest in which these flows stand at their places and those have gone. In slices.

    A flow that is put gets its key here, as does each that calls one which is put or has gone. `active` and `working` are
    as in Manifest.
    """
    slices = Slices()
    changed: dict[Place, FlowRecord | None] = {**dict.fromkeys(gone), **put}
    stale: dict[Place, None] = {}
    for place, record in put.items():
        if record.callees or record.pinned:
            stale[place] = None
        else:
            changed[place] = msgspec.structs.replace(record, key=key_alone(record))
            await slices.between()
    alone = [place for place in put if place not in stale]
    add_callers(stale, _callers(old, put, changed), [*alone, *gone])
    await slices.between()

    def find(place: Place) -> FlowRecord | None:
        return changed[place] if place in changed else old.find(place)

    for place, key in keys_of(stale, find).items():
        keyless = find(place)
        assert keyless is not None, "what has a key is there"
        changed[place] = msgspec.structs.replace(keyless, key=key)
    await slices.between()
    sections = await _sections(old, changed, active)
    return Manifest.of_sections(sections, active, working)


def _callers(
    old: Manifest, put: Mapping[Place, FlowRecord], changed: Mapping[Place, FlowRecord | None]
) -> dict[Place, list[Place]]:
    """Give the places of those that call, by the place of what they call."""
    callers: dict[Place, list[Place]] = {}
    kept = (record for section in old.sections for record in section.calling if record.place not in changed)
    for record in (*kept, *put.values()):
        for _, _, callee in record.calls():
            callers.setdefault(callee, []).append(record.place)
    return callers


async def _sections(
    old: Manifest, changed: Mapping[Place, FlowRecord | None], active: Mapping[str, str]
) -> list[Section]:
    slices = Slices()
    by_section: dict[int, dict[Place, FlowRecord | None]] = {}
    for place, record in changed.items():
        by_section.setdefault(section_of(place[1]), {})[place] = record
    sections = list(old.sections)
    for number, here in by_section.items():
        sections[number] = _section(sections[number].records, here)
        await slices.between()
    before, whole = _activated_whole(old.sections, old.active), _activated_whole(sections, active)
    numbers = by_section if (before, old.active) == (whole, active) else range(len(sections))
    for number in numbers:
        section = sections[number]
        records = with_active(section.records, active, whole)
        if any(one is not other for one, other in zip(records, section.records, strict=True)):
            section = sections[number] = Section(records)
        if section.records == old.sections[number].records:
            sections[number] = old.sections[number]
        _ = sections[number].key  # made here, where there is time for it
        await slices.between()
    return sections


def _section(records: tuple[FlowRecord, ...], changed: Mapping[Place, FlowRecord | None]) -> Section:
    """Give a section with changes: what is there keeps its position, what is new comes last."""
    waiting = dict(changed)
    kept: list[FlowRecord] = []
    for record in records:
        place = record.place
        new = waiting.pop(place) if place in waiting else record
        kept += [new] if new is not None else []
    kept += [record for record in waiting.values() if record is not None]
    return Section(tuple(kept)) if kept else EMPTY


def _activated_whole(sections: Collection[Section], active: Mapping[str, str]) -> frozenset[str]:
    """Give the apps of which a whole snapshot or a patch was activated."""
    activated = active.items()
    return frozenset(app for section in sections for app, version in section.whole & activated)
