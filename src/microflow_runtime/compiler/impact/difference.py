"""What differs between two versions of an app, part by part, with a sentence or two on each change."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from microflow_runtime.compiler.impact.content import AppContent, same
from microflow_runtime.compiler.impact.details import app_details, flow_details, object_details, settings_details
from microflow_runtime.model.app import App

How = Literal["added", "changed", "removed"]
Details = Callable[[Any, Any], Iterable[str]]
_NOTHING: Final = AppContent(app=App(name="", version=""))


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A part that came, changed or went. `details` are sentences on what changed in it; none for one that came or went."""

    name: str
    how: How
    details: tuple[str, ...] = ()


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs. `app` are sentences on what `app.yaml` says of the app itself; values of settings are never told."""

    app: tuple[str, ...] = ()
    flows: tuple[Change, ...] = ()
    business_objects: tuple[Change, ...] = ()
    data_sources: tuple[Change, ...] = ()
    connections: tuple[Change, ...] = ()
    environments: tuple[Change, ...] = ()
    files: tuple[Change, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing differs."""
        return not any(getattr(self, part) for part in self.__struct_fields__)


def compare_apps(old: AppContent | None, new: AppContent | None) -> Difference:
    """Give what differs between two versions of an app, each part's changes in the order of their names.

    None stands for a version that does not exist: everything came, or everything went.
    """
    one, other = old or _NOTHING, new or _NOTHING
    before, after = one.app, other.app
    return Difference(
        app=tuple(app_details(before, after)) if old and new else (),
        flows=_changes(one.flows, other.flows, flow_details),
        business_objects=_changes(one.business_objects, other.business_objects, object_details),
        data_sources=_changes(before.data_sources, after.data_sources, settings_details),
        connections=_changes(before.connections, after.connections, settings_details),
        environments=_changes(before.environments, after.environments, settings_details),
        files=_changes(one.files, other.files, _nothing_more),
    )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any], details: Details) -> tuple[Change, ...]:
    changes = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            changes.append(Change(name=name, how="removed"))
        elif name not in before:
            changes.append(Change(name=name, how="added"))
        elif not same(before[name], after[name]):
            changes.append(Change(name=name, how="changed", details=tuple(details(before[name], after[name]))))
    return tuple(changes)


def _nothing_more(_old: Any, _new: Any) -> tuple[str, ...]:
    return ()
