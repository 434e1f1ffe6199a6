"""Which of a flow's snapshots answers when the caller names none."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

import msgspec

from microflow_runtime.runtime.manifest import FOLDER, WHOLE, FlowRecord


def with_active(
    records: Iterable[FlowRecord],
    activated: Mapping[str, str] = MappingProxyType({}),
    whole: Collection[str] | None = None,
) -> tuple[FlowRecord, ...]:
    """Mark of each flow's snapshots the active one.

    `activated` gives the version that was activated, by app. Of a whole snapshot or a patch just its own flows are
    active. Otherwise, for each flow: that of the activated snapshot of single flows if it is there, the working
    folder's, the one that was fetched last in a package of its own. A whole snapshot or patch that nobody activated is
    never active. `whole` are the apps of which a whole snapshot or patch was activated, where they are known already.
    """
    ordered = list(records)
    if whole is None:
        whole = {each.app for each in ordered if each.kind in WHOLE and activated.get(each.app) == each.snapshot}
    active: dict[tuple[str, str], FlowRecord] = {}
    for record in ordered:
        chosen = activated.get(record.app) or None
        if record.app in whole and record.group != chosen:
            continue
        before = active.get((record.app, record.name))
        if _rank(record, chosen) >= (0 if before is None else _rank(before, chosen)):
            active[record.app, record.name] = record
    for position, record in enumerate(ordered):
        is_active = active.get((record.app, record.name)) is record
        if record.active != is_active:
            ordered[position] = msgspec.structs.replace(record, active=is_active)
    return tuple(ordered)


def _rank(record: FlowRecord, chosen: str | None) -> int:
    """Tell how much a record of a flow is wanted before others; -1 for one that is not to be active."""
    if record.origin == FOLDER:
        return 1
    if record.snapshot == chosen:
        return 2
    return -1 if record.kind in WHOLE else 0
