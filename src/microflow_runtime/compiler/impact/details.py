"""Sentences on what changed within an app, a flow, a Business Object or a named resource."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import UNSET

from microflow_runtime.compiler.impact.content import same
from microflow_runtime.compiler.impact.limits import limits_text, same_limits
from microflow_runtime.model.app import App, Connection, DataSource, Environment
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.microflow import Microflow

_SHOWN_NAMES: Final = 8


def app_details(old: App, new: App) -> Iterator[str]:
    """Say what `app.yaml` says otherwise of the app itself."""
    if old.version != new.version:
        yield f"Version `{old.version}` becomes `{new.version}`."
    if old.time_zone != new.time_zone:
        yield f"Its time zone was {old.time_zone} and is {new.time_zone}."
    if old.description != new.description:
        yield "Its description changed."


def object_details(old: BusinessObject, new: BusinessObject) -> Iterator[str]:
    """Say which fields came, went and changed, and how."""
    before = {field.name: field for field in old.fields}
    after = {field.name: field for field in new.fields}
    yield from _came_and_went("field", before, after)
    changed = {name: ways for name in before if name in after and (ways := _field_ways(before[name], after[name]))}
    if changed:
        yield f"Fields changed: {_listed(f'{_quoted(name)} ({ways})' for name, ways in changed.items())}."
    if [name for name in before if name in after] != [name for name in after if name in before]:
        yield "The order of the fields changed."
    if old.description != new.description:
        yield "Its description changed."


def flow_details(old: Microflow, new: Microflow) -> Iterator[str]:
    """Say what changed in what the flow declares, and which nodes came, went and changed."""
    for attribute, word in (("inputs", "input"), ("outputs", "output"), ("variables", "variable"), ("nodes", "node")):
        before, after = getattr(old, attribute), getattr(new, attribute)
        yield from _came_and_went(word, before, after)
        changed = [name for name in before if name in after and not same(before[name], after[name])]
        if changed:
            with_types = (
                _quoted(name) if word == "node" else f"{_quoted(name)} (`{before[name]}` to `{after[name]}`)"
                for name in changed
            )
            yield f"{word.capitalize()}s changed: {_listed(with_types)}."
    for attribute, words in (
        ("id", "id"),
        ("anonymous_as", "account for callers without a session"),
        ("runs_as", "account that it runs as"),
        ("limits", "limits"),
        ("description", "description"),
        ("tests", "tests"),
    ):
        if not same(getattr(old, attribute), getattr(new, attribute)):
            yield f"Its {words} changed."


def settings_details(
    old: DataSource | Connection | Environment, new: DataSource | Connection | Environment
) -> Iterator[str]:
    """Say which settings or variables came, went and changed, never their values: these may be secret."""
    before, after = _settings_of(old), _settings_of(new)
    word = "variable" if isinstance(old, Environment) else "setting"
    yield from _came_and_went(word, before, after)
    changed = [name for name in before if name in after and not same(before[name], after[name])]
    if changed:
        yield f"{word.capitalize()}s changed: {_listed(map(_quoted, changed))}."


def _settings_of(resource: DataSource | Connection | Environment) -> Mapping[str, Any]:
    if isinstance(resource, Environment):
        return resource.variables
    own = {field: getattr(resource, field) for field in resource.__struct_fields__ if field not in {"name", "settings"}}
    return {field: value for field, value in own.items() if value is not None} | resource.settings


def _field_ways(old: Field, new: Field) -> str:
    """Say how a field changed; `""` when it did not."""
    ways = []
    if old.type != new.type:
        ways.append(f"`{old.type}` to `{new.type}`")
    if not same_limits(old, new):
        ways.append(f"{limits_text(old)} to {limits_text(new)}")
    if not same(old.default, new.default):
        ways.append(
            "default added"
            if old.default is UNSET
            else "default removed"
            if new.default is UNSET
            else "default changed"
        )
    if old.sensitive != new.sensitive:
        ways.append("sensitive now" if new.sensitive else "not sensitive any more")
    if not ways and not same(old, new):
        ways.append("in its words only")
    return "; ".join(ways)


def _came_and_went(word: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    added = [name for name in after if name not in before]
    removed = [name for name in before if name not in after]
    if added:
        yield f"{word.capitalize()}s added: {_listed(map(_quoted, added))}."
    if removed:
        yield f"{word.capitalize()}s removed: {_listed(map(_quoted, removed))}."


def _quoted(name: str) -> str:
    return f"`{name}`"


def _listed(texts: Iterable[str]) -> str:
    """Join texts, the first few of many."""
    every = list(texts)
    rest = len(every) - _SHOWN_NAMES
    return ", ".join(every[:_SHOWN_NAMES]) + (f" and {rest} more" if rest > 0 else "")
