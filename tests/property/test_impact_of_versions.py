"""What the impact list calls compatible is: old callers' values are taken by the new version, and they can read what it gives.

Two versions of three Business Objects are drawn, the second out of the first by changing fields; then values.
"""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from microflow_runtime.compiler.business_objects import (
    BoClass,
    Misfit,
    Notes,
    build_classes,
    decode_json,
    encode_json,
)
from microflow_runtime.compiler.impact import AppContent, Side, fields, impact_of
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.model.type_ref import SIMPLE_TYPES, TypeRef

Versions = tuple[dict[str, BusinessObject], dict[str, BusinessObject]]

NAMES: Final = ("p", "q", "r", "s")
OBJECTS: Final = ("A", "B", "C")
TEXTS: Final = ("", "A", "AB", "ABC", "abcd", "2020-01-31", "10:30:00", "2020-01-31T10:30:00", "P1D")
NUMBERS: Final = (-1, 0, 1, 2, 5, 10, Decimal("0.5"), Decimal("1.0"), Decimal("9.99"))
VALUES: Final = (*TEXTS, *NUMBERS, True, False)
LIMITS: Final[dict[str, dict[str, tuple[Any, ...]]]] = {
    "numbers": {
        "minimum": ("0", "0.5", "1", "1.0"),
        "maximum": ("1", "5", "9.5", "10"),
        "one_of": (("0", "1"), ("1.0", "5"), ("0", "1", "5", "10")),
    },
    "texts": {
        "min_length": (0, 1, 2),
        "max_length": (1, 2, 3, 10),
        "pattern": ("[A-Z]*", "[A-Z]+", "[A-Za-z]*"),
        "one_of": (("A", "AB"), ("AB", "ABC"), ("A", "AB", "ABC", "2020-01-31")),
    },
    "lists": {"min_length": (0, 1, 2), "max_length": (1, 2, 3)},
}
VALUES_EACH: Final = 5


def limits_of(ref: TypeRef) -> dict[str, tuple[Any, ...]]:
    """Give the limits that a type may have, with values to choose from."""
    kind = {"string": "texts", "integer": "numbers", "decimal": "numbers"}.get(ref.name, "")
    own = LIMITS.get(kind, {})
    return {key: own[key] for key in own if "length" not in key} | LIMITS["lists"] if ref.is_list else own


def reads(bo_class: BoClass, value: Any) -> bool:
    """Tell whether a class takes a JSON value."""
    try:
        bo_class.read(value, Notes())
    except Misfit:
        return False
    return True


def fitting(field: Field) -> list[Any]:
    """Give all values of the pool that a field of a simple type takes, as a single value or as an item of its list."""
    ref = TypeRef(field.type.name)
    lengths = {} if not field.type.is_list else {"min_length": None, "max_length": None}
    return _fitting_single(msgspec.structs.replace(field, type=ref, default=UNSET, **lengths))


@cache
def _fitting_single(single: Field) -> list[Any]:
    probe = build_classes([BusinessObject(name="Probe", fields=(single,))])["Probe"]
    return [value for value in VALUES if reads(probe, {single.name: value})]


def drawn_type(rng: Random, level: int) -> TypeRef:
    """Draw a type; what must be there contains only objects further down, so that every object has values."""
    is_list, is_optional = rng.random() < 0.4, rng.random() < 0.4
    objects = OBJECTS if is_list or is_optional else OBJECTS[level + 1 :]
    return TypeRef(rng.choice([*SIMPLE_TYPES, "string", "integer", "decimal", *objects]), is_list, is_optional)


def drawn_field(rng: Random, name: str, level: int, before: Field | None = None) -> Field:
    """Draw a field, or change one: its type, its limits, its default, some of them."""
    ref = drawn_type(rng, level)
    if before is not None and rng.random() < 0.6:
        is_optional = before.type.is_optional == (rng.random() < 0.6)
        ref = TypeRef(rng.choice([before.type.name, before.type.name, ref.name]), before.type.is_list, is_optional)
    chosen: dict[str, Any] = {}
    for limit, choices in limits_of(ref).items():
        old = getattr(before, limit) if before else None
        if old in choices and rng.random() < 0.6:
            chosen[limit] = old
        elif rng.random() < 0.25:
            chosen[limit] = rng.choice(choices)
    field = Field(name=name, type=ref, sensitive=rng.random() < 0.2, **chosen)
    default = drawn_value(rng, field, {}, 0) if ref.is_simple and rng.random() < 0.35 else None
    return field if default is None else msgspec.structs.replace(field, default=default)


def drawn_value(rng: Random, field: Field, objects: dict[str, BusinessObject], depth: int) -> Any:
    """Draw a value that the field takes; None, or [], when there is none at hand."""
    is_list = field.type.is_list
    count = rng.randint(field.min_length or 0, field.max_length or 3) if is_list and _has_lengths(field) else 1
    if field.type.is_simple:
        pool = fitting(field)
        if not pool:
            return [] if is_list else None
        items = rng.choices(pool, k=count)
    elif depth > 3:
        return [] if is_list else None
    else:
        definition = objects[field.type.name]
        items = [drawn_object(rng, definition, objects, depth + 1) for _ in range(count)]
    return items if is_list else items[0]


def _has_lengths(field: Field) -> bool:
    return (field.min_length or 0) <= (field.max_length or 3)


def drawn_object(rng: Random, definition: BusinessObject, objects: dict[str, BusinessObject], depth: int = 0) -> Any:
    """Draw a JSON object of a Business Object; what may be missing sometimes is, and something unknown may be there."""
    value: dict[str, Any] = {}
    for field in definition.fields:
        may_miss = field.type.is_optional or field.type.is_list or field.default is not UNSET
        if not (may_miss and rng.random() < 0.4):
            value[field.name] = drawn_value(rng, field, objects, depth)
        elif rng.random() < 0.5:
            value[field.name] = None
    if rng.random() < 0.2:
        value["unknown"] = "something"
    return value


def drawn_versions(rng: Random) -> Versions:
    """Draw the Business Objects of two versions, seldom with more than two changes, so that not all of them break."""
    old, new = {}, {}
    for level, name in enumerate(OBJECTS):
        before = {each: drawn_field(rng, each, level) for each in rng.sample(NAMES, rng.randint(0, 3))}
        after = dict(before)
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            changed = rng.choice([*before, rng.choice(NAMES)])
            if changed in after and rng.random() < 0.2:
                del after[changed]
            else:
                after[changed] = drawn_field(rng, changed, level, before.get(changed))
        old[name] = BusinessObject(name=name, fields=tuple(before.values()))
        new[name] = BusinessObject(name=name, fields=tuple(after.values()))
    return old, new


def classes_of(objects: dict[str, BusinessObject]) -> dict[str, BoClass]:
    """Generate the classes, giving up on an example whose definitions are none."""
    try:
        return build_classes(objects.values())
    except Misfit:
        assume(condition=False)
        raise


def breaks(drawn: Versions, side: Side, seen: Counter[str]) -> bool:
    """Tell whether the impact list says that one side of a flow with this Business Object breaks."""
    flow = Microflow(name="F", id="1", inputs={"A": TypeRef("A")}, outputs={"A": TypeRef("A")})
    app = App(name="Demo", version="v.0.1.0")
    old, new = (AppContent(app=app, flows={"F": flow}, business_objects=objects) for objects in drawn)
    on_side = [impact for impact in impact_of(old, new) if impact.side == side]
    if any(impact.breaking for impact in on_side):
        seen["breaking"] += 1
        return True
    seen["compatible" if on_side else "the same"] += 1
    return False


def without_empty_lists(value: Any) -> Any:
    """Leave empty lists out: a list that has nothing is given as [] whatever its limits say, as it always was."""
    if isinstance(value, dict):
        return {key: without_empty_lists(item) for key, item in value.items() if item != []}
    return [without_empty_lists(item) for item in value] if isinstance(value, list) else value


def strict(definition: BusinessObject) -> BusinessObject:
    """Give what a caller may hold of the values that it gets: a field with a default always has one."""
    return BusinessObject(
        name=definition.name,
        fields=tuple(
            msgspec.structs.replace(field, default=UNSET, type=TypeRef(field.type.name, field.type.is_list))
            if field.default is not UNSET
            else field
            for field in definition.fields
        ),
    )


def check_sent(drawn: Versions, rng: Random, seen: Counter[str]) -> None:
    """Check that the new version reads what the old one reads, unless the list says that the input breaks."""
    old, new = drawn
    old_class, new_class = classes_of(old)["A"], classes_of(new)["A"]
    if breaks(drawn, "input", seen):
        return
    for _ in range(VALUES_EACH):
        value = decode_json(encode_json(drawn_object(rng, old["A"], old)))
        if reads(old_class, value):
            assert reads(new_class, value), value


def check_given(drawn: Versions, rng: Random, seen: Counter[str]) -> None:
    """Check that who knows the old version can read what the new one writes, unless the list says that the output breaks."""
    old, new = drawn
    classes_of(old)
    old_class, new_class = classes_of({name: strict(each) for name, each in old.items()})["A"], classes_of(new)["A"]
    if breaks(drawn, "output", seen):
        return
    for _ in range(VALUES_EACH):
        value = decode_json(encode_json(drawn_object(rng, new["A"], new)))
        if reads(new_class, value):
            written = decode_json(encode_json(new_class.write(new_class.read(value, Notes()))))
            assert reads(old_class, without_empty_lists(written)), written


CHECKS: Final = {"input": check_sent, "output": check_given}


def run_check(check: Callable[[Versions, Random, Counter[str]], None], examples: int) -> Counter[str]:
    """Try a check on so many pairs of versions, each with some values, and count what the list said of them.

    All of an example comes of its seed, which a failure names: drawing each choice by itself takes twenty times as long.
    """
    seen: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(st.integers(0, 2**64))
    def tried(seed: int) -> None:
        rng = Random(seed)
        check(drawn_versions(rng), rng, seen)

    tried()
    return seen


@pytest.mark.parametrize("side", CHECKS)
def test_what_is_called_compatible_is(side: str) -> None:
    """No drawn value contradicts the list, and the list said something of enough of them."""
    seen = run_check(CHECKS[side], 400)
    assert seen["breaking"] > 50
    assert seen["compatible"] > 50


WRONG_RULES: Final = (
    ("input", "limits_fit", lambda _narrow, _wide: True),
    ("output", "limits_fit", lambda _narrow, _wide: True),
    ("input", "_is_wider", lambda narrow, wide: {narrow, wide} == {"integer", "decimal"}),
    ("output", "_is_wider", lambda narrow, wide: {narrow, wide} == {"integer", "decimal"}),
    ("input", "_same_form", lambda _old, _new: True),
    ("output", "_same_form", lambda _old, _new: True),
    ("input", "_sent_added", lambda _new: iter(())),
    ("input", "_sent_or_missing", lambda _old, _new: iter(())),
    ("output", "_given_removed", lambda: iter(())),
    ("output", "_given_or_missing", lambda _old, _new: iter(())),
)


@pytest.mark.parametrize(("side", "rule", "wrong"), WRONG_RULES)
def test_a_wrong_rule_is_found(side: str, rule: str, wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With any one rule taken away, some drawn value contradicts the list."""
    monkeypatch.setattr(fields, rule, wrong)
    with pytest.raises(AssertionError):
        run_check(CHECKS[side], 20_000)
