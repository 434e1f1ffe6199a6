"""Says what a deployment changes, for people: the difference, and what callers meet of it."""

from collections.abc import Iterator, Sequence

from microflow_runtime.cli.fault_formats import escaped
from microflow_runtime.compiler.impact import Change, Difference, Impact
from microflow_runtime.runtime.publishing import Deployment

_KINDS = {"full": "the whole app", "patch": "a patch", "flows": "single flows"}
_PARTS = (
    ("flows", "flow"),
    ("business_objects", "Business Object"),
    ("data_sources", "data source"),
    ("connections", "connection"),
    ("environments", "environment"),
    ("files", "file"),
)


def told_before(done: Deployment) -> str:
    """Tell what a deployment is, what differs from what answers now, and what callers meet."""
    return "\n".join([*_head(done), *_difference(done.difference), *_impacts(done.impacts)])


def told_after(done: Deployment) -> str:
    """Tell what has been done."""
    what = f"{done.app} {done.version}"
    state = "is published" if done.is_new else "was published already, with this very content"
    if done.is_active:
        return f"{what} {state}, and answers on every worker (epoch {done.epoch})."
    return f'{what} {state}. It answers when it is activated: microflow activate "{done.app}" {done.version}'


def _head(done: Deployment) -> Iterator[str]:
    over = f" laid over {done.base}" if done.base else ""
    flows = f"{done.flows} flow" + ("s" if done.flows != 1 else "")
    yield f"{done.app} {done.version}: {_KINDS[done.kind]}{over}, {flows}."
    if not done.compared_with:
        yield "Nothing of this app answers yet."
    elif done.difference.is_empty:
        yield f"It does not differ from {done.compared_with}, which answers now."
    else:
        yield f"Compared with {done.compared_with}, which answers now:"


def _difference(difference: Difference) -> Iterator[str]:
    for sentence in difference.app:
        yield f"  {escaped(sentence)}"
    for attribute, word in _PARTS:
        changes: Sequence[Change] = getattr(difference, attribute)
        for change in changes:
            yield f"  {change.how:7}  {word} {escaped(change.name)}"
            for sentence in change.details:
                yield f"             {escaped(sentence)}"


def _impacts(impacts: Sequence[Impact]) -> Iterator[str]:
    for is_breaking, head in ((True, "Breaking for callers:"), (False, "Compatible for callers:")):
        found = [impact for impact in impacts if impact.breaking is is_breaking]
        if found:
            yield ""
            yield f"{head} {len(found)}"
        for impact in found:
            side = "" if impact.side == "flow" else f", {impact.side} {impact.path}"
            yield f"  {escaped((impact.flow or 'every flow') + side)}"
            yield f"    {escaped(impact.sentence)}"
