"""What a caller meets of one field that is declared differently, on its way in and on its way out.

On the way in, a change is compatible when every value that the old field took is taken by the new one; on the way out,
when every value that the new field gives could have been given by the old one.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec import UNSET

from microflow_runtime.compiler.business_objects import encode_json
from microflow_runtime.compiler.impact.content import same
from microflow_runtime.compiler.impact.limits import limits_fit, limits_text, same_limits
from microflow_runtime.compiler.impact.records import Kind
from microflow_runtime.model.business_object import Field

_TEXTS: Final = frozenset({"date", "time", "date-time", "duration"})
_SHOWN_CHARACTERS: Final = 60


class Met(NamedTuple):
    """One thing that is met at a field: `told` goes on after the path."""

    kind: Kind
    breaking: bool
    told: str


def met_when_sent(old: Field | None, new: Field | None) -> Iterator[Met]:
    """Give what a caller that sends the field meets; None for a field that is not declared."""
    if old is None or new is None:
        yield from _sent_added(new) if new is not None else _sent_removed()
        return
    if not _same_form(old, new):
        yield _other_form(old, new, "callers must send")
        return
    if old.type.name != new.type.name and new.type.is_simple:
        wider = _is_wider(old.type.name, new.type.name) or (old.type.name, new.type.name) == ("date", "date-time")
        what = "every value that fitted still fits" if wider else f"callers must send values of type `{new.type.name}`"
        yield Met("type", not wider, f"was `{old.type}` and is `{new.type}`: {what}.")
        if not wider:
            return
    if not same_limits(old, new):
        fits = limits_fit(old, new)
        what = "every value that fitted still fits" if fits else "callers must keep to it"
        yield Met("limits", not fits, f"took {limits_text(old)} and takes {limits_text(new)}: {what}.")
    yield from _sent_or_missing(old, new)
    yield from _sensitive(old, new)


def met_when_given(old: Field | None, new: Field | None) -> Iterator[Met]:
    """Give what a caller that reads the field meets; None for a field that is not declared."""
    if old is None or new is None:
        yield from _given_added(new) if new is not None else _given_removed()
        return
    if not _same_form(old, new):
        yield _other_form(old, new, "callers must read")
        return
    if old.type.name != new.type.name and new.type.is_simple:
        within = _is_wider(new.type.name, old.type.name)
        what = (
            "every value could have been given before" if within else f"callers must read values of `{new.type.name}`"
        )
        yield Met("type", not within, f"was `{old.type}` and is `{new.type}`: {what}.")
        if not within:
            return
    if not same_limits(old, new):
        fits = limits_fit(new, old)
        what = (
            "every value could have been given before, and the call fails where the flow gives another"
            if fits
            else "callers must be ready for values that were not given before"
        )
        yield Met("limits", not fits, f"gave {limits_text(old)} and gives {limits_text(new)}: {what}.")
    yield from _given_or_missing(old, new)
    yield from _sensitive(old, new)


def _breaks(kind: Kind, told: str) -> Met:
    return Met(kind, breaking=True, told=told)


def _fits(kind: Kind, told: str) -> Met:
    return Met(kind, breaking=False, told=told)


def _is_wider(narrow: str, wide: str) -> bool:
    return (narrow, wide) == ("integer", "decimal") or (wide == "string" and narrow in _TEXTS)


def _same_form(old: Field, new: Field) -> bool:
    """Tell whether both are lists or both are not, and both are Business Objects or both are not."""
    return old.type.is_list == new.type.is_list and old.type.is_simple == new.type.is_simple


def _other_form(old: Field, new: Field, must: str) -> Met:
    kind: Kind = "type" if old.type.is_list == new.type.is_list else "list"
    item = f"`{new.type.name}`" if new.type.is_simple else f"the object `{new.type.name}`"
    what = f"a list of {item}" if new.type.is_list else f"one value, {item}"
    return _breaks(kind, f"was `{old.type}` and is `{new.type}`: {must} {what}.")


def _sent_added(new: Field) -> Iterator[Met]:
    if _needs_value(new):
        yield _breaks("added", f"is new and required (`{new.type}`): callers must send it.")
    else:
        yield _fits("added", f"is new (`{new.type}`): callers may send it; without it {_stands_for(new)}.")


def _sent_removed() -> Iterator[Met]:
    yield _fits("removed", "is no longer read: what callers send there is ignored, and they may leave it out.")


def _given_added(new: Field) -> Iterator[Met]:
    yield _fits("added", f"is new (`{new.type}`): callers get it as well, and may pass over it.")


def _given_removed() -> Iterator[Met]:
    yield _breaks("removed", "is no longer given: callers must do without it.")


def _sent_or_missing(old: Field, new: Field) -> Iterator[Met]:
    if _needs_value(new):
        if not _needs_value(old):
            before = f"had the default {_shown(old)}" if old.default is not UNSET else "could be left out"
            yield _breaks("required", f"{before} and is required: callers must send it.")
    elif _needs_value(old):
        yield _fits("required", f"was required and may be left out: without it {_stands_for(new)}.")
    elif not same(old.default, new.default):
        told = (
            f"was left out for {_instead(old)}, and is for {_instead(new)}: callers that mean the former must send it."
        )
        yield _fits("default", told)


def _given_or_missing(old: Field, new: Field) -> Iterator[Met]:
    if _may_be_null(new) and not _may_be_null(old):
        yield _breaks("required", "always had a value and may be null: callers must be ready for null.")
    elif _may_be_null(old) and not _may_be_null(new):
        always = "always has a value"
        if new.default is UNSET:
            always += ", and the call fails where the flow gives none"
        yield _fits("required", f"could be null and {always}.")
    elif not same(old.default, new.default):
        told = f"was {_instead(old)} where the flow gives none, and is {_instead(new)}."
        yield _fits("default", told)


def _sensitive(old: Field, new: Field) -> Iterator[Met]:
    if new.sensitive != old.sensitive:
        what = "is masked wherever a step is recorded" if new.sensitive else "is no longer masked in what is recorded"
        yield _fits("sensitive", f"{what}: nothing changes on the wire.")


def _needs_value(field: Field) -> bool:
    return not (field.type.is_optional or field.type.is_list or field.default is not UNSET)


def _may_be_null(field: Field) -> bool:
    return field.type.is_optional and not field.type.is_list and field.default is UNSET


def _stands_for(field: Field) -> str:
    """Say what a missing value comes to."""
    if field.default is not UNSET:
        return f"{_shown(field)} stands for it"
    return "it is an empty list" if field.type.is_list else "it is null"


def _instead(field: Field) -> str:
    """Name what a missing value comes to; for a required field, that there is no such thing."""
    if field.default is not UNSET:
        return _shown(field)
    if field.type.is_list:
        return "an empty list"
    return "null" if field.type.is_optional else "an error"


def _shown(field: Field) -> str:
    """Give the default as JSON, shortened; one that is sensitive is not told."""
    if field.sensitive:
        return "a masked default"
    text = encode_json(field.default).decode()
    return f"`{text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + '…'}`"
