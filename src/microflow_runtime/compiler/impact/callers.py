"""What the callers of every flow meet when a new version of their app takes the place of the old one."""

from collections.abc import Iterator
from typing import Final, Literal

from microflow_runtime.compiler.impact.content import AppContent, same
from microflow_runtime.compiler.impact.parameters import ObjectChanges, met_at_parameters
from microflow_runtime.compiler.impact.records import Impact, Kind
from microflow_runtime.compiler.library import types_of
from microflow_runtime.model.microflow import Limits, Microflow

_SIDES: Final[tuple[Literal["input", "output"], ...]] = ("input", "output")


def impact_of(old: AppContent | None, new: AppContent | None) -> tuple[Impact, ...]:
    """Give what callers of the old version's flows meet in the new version, flow by flow in the order of their names.

    Both are versions of the same app, checked before. A flow that is new has no callers yet; so there is nothing to tell
    of a first version. None as the new version tells what taking the app away means.
    """
    if old is None:
        return ()
    if new is None:
        return tuple(_removed(flow) for _, flow in sorted(old.flows.items()))
    return tuple(_impacts(old, new))


def _impacts(old: AppContent, new: AppContent) -> Iterator[Impact]:
    zones = old.app.time_zone, new.app.time_zone
    if zones[0] != zones[1]:
        told = f"Dates and times without a zone belonged to {zones[0]} and belong to {zones[1]}: callers that send or get such must know."
        yield Impact(flow="", side="flow", path="", kind="time zone", breaking=False, sentence=told)
    objects = ObjectChanges(old.business_objects, new.business_objects)
    by_id = {flow.id: flow for flow in new.flows.values()}
    met: dict[str, list[Impact]] = {}
    for name, flow in sorted(old.flows.items()):
        successor = new.flows.get(name) or by_id.get(flow.id)
        if successor is None or (successor.name != name and successor.name in old.flows):
            met[name] = [_removed(flow)]
        elif not (same(flow, successor) and not objects.reaches(types_of(flow))):
            met[name] = list(_met_by_callers(flow, successor, objects))
    changed = {name for name, impacts in met.items() if any(impact.side != "flow" for impact in impacts)}
    for name, flow in sorted(old.flows.items()):
        yield from met.get(name, ())
        called = sorted(_callees(new.flows[name]) & changed) if name in new.flows else ()
        if called:
            listed = ", ".join(f"`{callee}`" for callee in called)
            told = f"It calls {listed}, whose inputs or outputs changed; whether it still fits them is checked before publishing."
            yield _of_flow(flow, "calls a changed flow", breaking=False, told=told)


def _met_by_callers(old: Microflow, new: Microflow, objects: ObjectChanges) -> Iterator[Impact]:
    yield from _met_at_flow(old, new)
    for side in _SIDES:
        yield from met_at_parameters(side, old, new, objects)
    variables = [*old.variables.values(), *(ref for node in old.every_node() for ref in node.variables.values())]
    inside = sorted({ref.name for ref in variables} & objects.reached)
    if inside:
        listed = ", ".join(f"`{name}`" for name in inside)
        told = f"It keeps {listed} in its variables, which changed: what callers send and get is not touched by that."
        yield _of_flow(old, "changed inside", breaking=False, told=told)


def _met_at_flow(old: Microflow, new: Microflow) -> Iterator[Impact]:
    if old.name != new.name:
        told = f"The flow is now called `{new.name}`: callers must send this in `flowName`; with the old name they get 404."
        yield _of_flow(old, "flow renamed", breaking=True, told=told)
    if old.id != new.id:
        told = f"The flow's id was `{old.id}` and is `{new.id}`: callers that send `uniqueId` must send the new one."
        yield _of_flow(old, "flow id", breaking=True, told=told)
    yield from _anonymous(old, new)
    if old.runs_as != new.runs_as:
        was, now = (f"as `{account}`" if account else "as its caller" for account in (old.runs_as, new.runs_as))
        told = f"The flow ran {was} and runs {now}: "
        told += (
            "a role must grant it this account, or calls get 403."
            if new.runs_as
            else "callers need the rights themselves that its nodes and sub flows ask for."
        )
        yield _of_flow(old, "runs as", breaking=False, told=told)
    yield from _limits(old, new)


def _anonymous(old: Microflow, new: Microflow) -> Iterator[Impact]:
    was, now = old.anonymous_as, new.anonymous_as
    if was == now:
        return
    if now is None:
        told = "The flow was open to callers without a session and is not any more: they must log in, or they get 401."
    elif was is None:
        told = f"The flow is open to callers without a session, as `{now}`, once a role grants it this account."
    else:
        told = f"Callers without a session ran as `{was}` and run as `{now}`, once a role grants the flow this account; until then they get 401."
    yield _of_flow(old, "anonymous", breaking=now is None, told=told)


def _limits(old: Microflow, new: Microflow) -> Iterator[Impact]:
    told = []
    for name in Limits.__struct_fields__:
        was, now = getattr(old.limits, name), getattr(new.limits, name)
        if was != now:
            texts = ("the server's" if value is None else str(value) for value in (was, now))
            told.append(f"{name.replace('_', ' ')} from {' to '.join(texts)}")
    if told:
        sentence = f"The flow's limits changed: {'; '.join(told)}. Calls beyond them fail."
        yield _of_flow(old, "flow limits", breaking=False, told=sentence)


def _removed(flow: Microflow) -> Impact:
    told = "The flow is gone: callers get 404, unless they name a `snapVersion` that still has it."
    return _of_flow(flow, "flow removed", breaking=True, told=told)


def _of_flow(flow: Microflow, kind: Kind, *, breaking: bool, told: str) -> Impact:
    return Impact(flow=flow.name, side="flow", path="", kind=kind, breaking=breaking, sentence=told)


def _callees(flow: Microflow) -> set[str]:
    """Name the flows that are called in the caller's own version; a call of a named snapshot stays what it was."""
    calls = [node.settings for node in flow.every_node() if node.type == "sub flow"]
    return {name for call in calls if isinstance(name := call.get("flow"), str) and not call.get("snapshot")}
