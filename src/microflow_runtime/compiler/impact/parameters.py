"""Follows the inputs or the outputs of a flow through all Business Objects, old and new side by side."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

from microflow_runtime.compiler.impact.content import same
from microflow_runtime.compiler.impact.fields import met_when_given, met_when_sent
from microflow_runtime.compiler.impact.records import Impact
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.model.type_ref import TypeRef

MOST_PLACES: Final = 8
"""How often one Business Object is followed within the inputs, or the outputs, of one flow."""

Objects = Mapping[str, BusinessObject]
_Fields = dict[str, Field]
_NOTHING: Final = BusinessObject(name="", fields=())


class ObjectChanges:
    """The Business Objects of two versions, and which of them a change reaches: those that differ and all that contain one."""

    def __init__(self, old: Objects, new: Objects) -> None:
        self.old = old
        self.new = new
        self.reached = _containing(
            {name for name, definition in old.items() if name not in new or not same(definition, new[name])}, old
        )

    def reaches(self, types: Iterable[TypeRef]) -> bool:
        """Tell whether one of the declared types is, or contains, a Business Object that differs."""
        return any(ref.name in self.reached for ref in types)

    def fields(self, old_name: str, new_name: str) -> Iterator[tuple[str, Field | None, Field | None]]:
        """Give the fields of a Business Object and of what stands in its place, side by side: old ones, then new ones."""
        return side_by_side(
            {field.name: field for field in self.old.get(old_name, _NOTHING).fields},
            {field.name: field for field in self.new.get(new_name, _NOTHING).fields},
        )


def side_by_side(old: _Fields, new: _Fields) -> Iterator[tuple[str, Field | None, Field | None]]:
    """Give the fields of two versions by name: those of the old one in its order, then what is new."""
    for name, field in old.items():
        yield name, field, new.get(name)
    for name, field in new.items():
        if name not in old:
            yield name, None, field


def met_at_parameters(
    side: Literal["input", "output"], old: Microflow, new: Microflow, objects: ObjectChanges
) -> Iterator[Impact]:
    """Give what a caller of the flow meets on one side, what is nearest to the parameters first.

    A Business Object that contains itself is followed once on each way, and any one at `MOST_PLACES` places at most.
    """
    meet = met_when_sent if side == "input" else met_when_given
    fields = _input_fields if side == "input" else _output_fields
    waiting = deque(
        (name, before, after, frozenset[tuple[str, str]]())
        for name, before, after in side_by_side(fields(old), fields(new))
    )
    followed: Counter[tuple[str, str]] = Counter()
    while waiting:
        path, before, after, above = waiting.popleft()
        met = list(meet(before, after))
        for kind, breaking, told in met:
            yield Impact(flow=old.name, side=side, path=path, kind=kind, breaking=breaking, sentence=f"`{path}` {told}")
        if before is None or after is None or before.type.is_simple or after.type.is_simple:
            continue
        pair = before.type.name, after.type.name
        differs = pair[0] != pair[1] or pair[0] in objects.reached
        if not differs or pair in above or followed[pair] >= MOST_PLACES or any(kind == "list" for kind, *_ in met):
            continue
        followed[pair] += 1
        below = above | {pair}
        waiting.extend((f"{path}.{name}", one, other, below) for name, one, other in objects.fields(*pair))


def _input_fields(flow: Microflow) -> _Fields:
    return {name: Field(name=name, type=ref) for name, ref in flow.inputs.items()}


def _output_fields(flow: Microflow) -> _Fields:
    """Give the outputs as fields that always have a value: one that nobody wrote is `{}` or `[]`, whether it is optional or not."""
    return {name: Field(name=name, type=TypeRef(ref.name, ref.is_list)) for name, ref in flow.outputs.items()}


def _containing(names: set[str], definitions: Objects) -> frozenset[str]:
    """Add to the names those of all Business Objects that contain one of them, however deep."""
    holders: dict[str, list[str]] = {}
    for definition in definitions.values():
        for field in definition.fields:
            if not field.type.is_simple:
                holders.setdefault(field.type.name, []).append(definition.name)
    reached = set(names)
    waiting = list(names)
    while waiting:
        for holder in holders.get(waiting.pop(), ()):
            if holder not in reached:
                reached.add(holder)
                waiting.append(holder)
    return frozenset(reached)
