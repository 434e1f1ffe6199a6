"""Everything that does not fit in a value that was refused. Reading stops at the first misfit; this looks for the others."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from microflow_runtime.compiler.business_objects.bo_class import BoClass, shape_of
from microflow_runtime.compiler.business_objects.misfit import Misfit, Notes
from microflow_runtime.model.type_ref import TypeRef

SHOWN: Final = 20
"""So many misfits are told with their paths."""
COUNTED: Final = 1_000
"""So many are looked for."""


def every_misfit(value: Any, ref: TypeRef, classes: Mapping[str, BoClass]) -> Iterator[Misfit]:
    """Give each misfit of a JSON value of a declared type, with its path from the value on. What fits is read as ever."""
    try:
        shape_of(ref, classes).read(value, Notes())
    except Misfit as misfit:
        inner = list(_inside(value, ref, classes)) if isinstance(value, list | dict) else []
        yield from inner or [misfit]


def _inside(value: Any, ref: TypeRef, classes: Mapping[str, BoClass]) -> Iterator[Misfit]:
    if ref.is_list:
        if isinstance(value, list):
            for index, item in enumerate(value):
                for misfit in every_misfit(item, TypeRef(ref.name), classes):
                    yield misfit.under(index)
        return
    bo_class = classes.get(ref.name)
    if bo_class is None or not isinstance(value, dict):
        return
    for field in bo_class.definition.fields:
        for misfit in _of_field(value.get(field.name), field.name, field.type, bo_class, classes):
            yield (misfit.hide() if field.sensitive else misfit).under(field.name)


def _of_field(
    value: Any, name: str, ref: TypeRef, bo_class: BoClass, classes: Mapping[str, BoClass]
) -> Iterator[Misfit]:
    try:
        bo_class.read_field(name, value)
    except Misfit as misfit:
        inner = list(_inside(value, ref, classes)) if isinstance(value, list | dict) else []
        yield from inner or [misfit]


def sentence_of(misfits: Iterator[Misfit]) -> str:
    """Give the sentences of misfits, one behind the other, the first 20 of them and how many more there are."""
    told: list[str] = []
    count = 0
    for count, misfit in enumerate(misfits, 1):
        if count <= SHOWN:
            told.append(misfit.sentence())
        if count >= COUNTED:
            break
    if count > SHOWN:
        least = "at least " if count >= COUNTED else ""
        told.append(f"and {least}{count - SHOWN} more")
    return "; ".join(told)
