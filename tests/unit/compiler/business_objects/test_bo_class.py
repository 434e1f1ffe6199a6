"""The generated classes: read, take over, check, make blank and write."""

from decimal import Decimal
from typing import Any

import pytest

from microflow_runtime.compiler.business_objects import Misfit, Notes, build_classes
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.type_ref import TypeRef


def _field(name: str, kind: str, *, is_list: bool = False, is_optional: bool = False, **more: Any) -> Field:
    return Field(name=name, type=TypeRef(kind, is_list=is_list, is_optional=is_optional), **more)


def _object(name: str, *fields: Field) -> BusinessObject:
    return BusinessObject(name=name, fields=fields)


TREE = _object("Tree", _field("name", "string"), _field("children", "Tree", is_list=True))
LIMITED = _object(
    "Limited",
    _field("rate", "decimal", minimum="0", maximum="1.5", is_optional=True),
    _field("code", "string", pattern="[A-Z]{2,3}", is_optional=True),
    _field("short", "string", min_length=2, max_length=3, is_optional=True),
    _field("word", "string", one_of=("a", "b"), is_optional=True),
    _field("number", "decimal", one_of=("1", "2.50"), is_optional=True),
    _field("few", "integer", is_list=True, max_length=2, minimum="1"),
    _field("words", "string", is_list=True, one_of=("a", "b"), is_optional=True),
)


def test_business_objects_may_hold_themselves() -> None:
    """A recursive definition reads values of any depth, with the path in what is told."""
    tree = build_classes([TREE])["Tree"]
    value = {"name": "a", "children": [{"name": "b", "children": [{"name": "c"}]}]}
    assert tree.write(tree.read(value, Notes())) == {
        "name": "a",
        "children": [{"name": "b", "children": [{"name": "c", "children": []}]}],
    }
    value["children"][0]["children"][0]["name"] = 5  # type: ignore[index]
    with pytest.raises(Misfit) as caught:
        tree.read(value, Notes())
    assert caught.value.sentence() == "children[0].children[0].name: expected text, found number 5"


@pytest.mark.parametrize(
    ("field", "good", "bad", "sentence"),
    [
        ("rate", Decimal("1.50"), Decimal("1.51"), "rate: expected at most 1.5, found number 1.51"),
        ("rate", 0, Decimal("-0.01"), "rate: expected at least 0, found number -0.01"),
        ("code", "ABC", "ABCD", 'code: expected text of the form [A-Z]{2,3}, found text "ABCD"'),
        ("code", "AB", "AB\n", "code: expected text of the form"),
        ("short", "กก", "ก", "short: expected at least 2 characters, found 1"),
        ("short", "abc", "abcd", "short: expected at most 3 characters, found 4"),
        ("word", "b", "B", 'word: expected one of a, b, found text "B"'),
        ("number", Decimal("2.5"), 2, "number: expected one of 1, 2.50, found number 2"),
        ("few", [1, 2], [1, 2, 3], "few: expected at most 2 items, found 3"),
        ("few", [1], [1, 0], "few[1]: expected at least 1, found number 0"),
        ("words", ["a", "b"], ["a", "c"], 'words[1]: expected one of a, b, found text "c"'),
    ],
)
def test_limits_hold_at_both_doors(field: str, good: Any, bad: Any, sentence: str) -> None:
    """What a field's definition allows is read and taken over; beyond it both say so."""
    limited = build_classes([LIMITED])["Limited"]
    taken = limited.read({field: good}, Notes())
    assert limited.adopt(taken) == taken
    with pytest.raises(Misfit) as caught:
        limited.read({field: bad}, Notes())
    assert caught.value.sentence().startswith(sentence)
    wrong = [Decimal(item) if isinstance(item, int) else item for item in bad] if isinstance(bad, list) else bad
    with pytest.raises(Misfit) as caught:
        limited.adopt({field: Decimal(wrong) if isinstance(wrong, int) else wrong})
    assert caught.value.sentence().startswith(sentence)


def test_a_business_object_may_have_no_fields() -> None:
    """It reads and writes an empty object, and counts whatever is sent."""
    empty, notes = build_classes([_object("Empty")])["Empty"], Notes()
    assert empty.write(empty.read({"a": 1}, notes)) == {}
    assert notes.unknown_fields == 1


def test_fields_keep_their_order() -> None:
    """A value's fields stand in declared order, however they came."""
    limited = build_classes([LIMITED])["Limited"]
    assert list(limited.read({"words": [], "rate": 1}, Notes())) == [field.name for field in LIMITED.fields]


@pytest.mark.parametrize("names", [("Outer", "Inner"), ("A", "Z")])
def test_defaults_of_business_objects_hold_their_own_defaults(names: tuple[str, str]) -> None:
    """A default that is an object is completed by its class, whichever of the two is linked first."""
    outer_name, inner_name = names
    inner = _object(inner_name, _field("x", "integer", default=1), _field("y", "integer", default=2))
    outer = _object(outer_name, _field("inner", inner_name, default={"y": 5}))
    for order in ([outer, inner], [inner, outer]):
        assert build_classes(order)[outer_name].read({}, Notes()) == {"inner": {"x": Decimal(1), "y": Decimal(5)}}


def test_a_default_that_holds_itself_is_told() -> None:
    """A default whose own default is needed to make it never ends, and says so."""
    endless = _object("Endless", _field("next", "Endless", default={}))
    with pytest.raises(Misfit, match=r"a default that comes to an end") as caught:
        build_classes([endless])
    assert caught.value.path[:2] == ("Endless", "next")


def test_a_default_stands_for_missing_null_and_blank() -> None:
    """Left out, null and never written are one."""
    made = build_classes([_object("A", _field("x", "string", default="d"), _field("y", "string", is_optional=True))])[
        "A"
    ]
    expected = {"x": "d", "y": None}
    assert (
        made.read({}, Notes()) == made.read({"x": None}, Notes()) == made.adopt({"y": None}) == made.blank() == expected
    )


def test_unknown_fields_are_counted_at_every_depth() -> None:
    """What is not declared is left out and counted once for each place."""
    notes = Notes()
    tree = build_classes([TREE])["Tree"]
    value = tree.read({"name": "a", "other": 1, "children": [{"name": "b", "more": 1, "still": None}]}, notes)
    assert notes.unknown_fields == 3
    assert list(value) == ["name", "children"]


@pytest.mark.parametrize("names", [["a b", "ก", "class", "value", "notes", "self", "0", "x-y", "__class__"]])
def test_any_name_may_be_a_field(names: list[str]) -> None:
    """Names with spaces, of other scripts and of Python's own words are names like any other."""
    made = build_classes([_object("Odd", *(_field(name, "decimal", is_optional=True) for name in names))])["Odd"]
    given = {name: number for number, name in enumerate(names)}
    assert made.write(made.read(given, Notes())) == given


def test_what_is_no_object_is_told() -> None:
    """A list, a text or a number in the place of an object is told with what came."""
    tree = build_classes([TREE])["Tree"]
    for value, found in (([], "a list of 0"), ("x", 'text "x"'), (5, "number 5")):
        with pytest.raises(Misfit) as caught:
            tree.read(value, Notes())
        assert caught.value.sentence() == f"expected an object (Tree), found {found}"
