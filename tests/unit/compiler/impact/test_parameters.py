"""The way from a parameter through nested Business Objects to the fields that differ."""

from tests.unit.app_contents import business_object, content, flow

from microflow_runtime.compiler.impact import AppContent, Impact, impact_of
from microflow_runtime.compiler.impact.parameters import MOST_PLACES


def of_order(*definitions: object) -> AppContent:
    """Give a content whose flow takes and gives an Order."""
    return content(flow(inputs={"RequestBO": "Order"}, outputs={"ResponseBO": "Order"}), *definitions)  # type: ignore[arg-type]


def places(impacts: tuple[Impact, ...]) -> list[tuple[str, str, str, bool]]:
    """Leave flow and sentence out."""
    return [(impact.side, impact.path, impact.kind, impact.breaking) for impact in impacts]


def test_a_field_deep_inside_is_told_by_its_path_on_both_sides() -> None:
    """A price in the lines of an order that became optional breaks readers and nobody else."""
    order = business_object("Order", lines="[Line]")
    old = of_order(order, business_object("Line", price="decimal"))
    new = of_order(order, business_object("Line", price="decimal?"))
    found = impact_of(old, new)
    assert places(found) == [
        ("input", "RequestBO.lines.price", "required", False),
        ("output", "ResponseBO.lines.price", "required", True),
    ]
    assert found[1].sentence == (
        "`ResponseBO.lines.price` always had a value and may be null: callers must be ready for null."
    )


def test_a_business_object_under_another_name_is_compared_by_its_fields() -> None:
    """Names of Business Objects are not on the wire, so a renamed one breaks nobody."""
    old = of_order(business_object("Order", line="Line"), business_object("Line", price="decimal"))
    same = of_order(business_object("Order", line="Row"), business_object("Row", price="decimal"))
    other = of_order(business_object("Order", line="Row"), business_object("Row", price="decimal", sku="string"))
    assert impact_of(old, same) == ()
    assert places(impact_of(old, other)) == [
        ("input", "RequestBO.line.sku", "added", True),
        ("output", "ResponseBO.line.sku", "added", False),
    ]


def test_a_business_object_within_itself_is_followed_once_on_each_way() -> None:
    """Trees of nodes, and rings of two, come to an end."""
    old = of_order(business_object("Order", part="Part?"), business_object("Part", orders="[Order]", name="string"))
    new = of_order(business_object("Order", part="Part?"), business_object("Part", orders="[Order]", name="string?"))
    assert [path for _, path, _, _ in places(impact_of(old, new))] == ["RequestBO.part.name", "ResponseBO.part.name"]


def test_every_place_of_a_business_object_is_told_up_to_a_bound() -> None:
    """Both addresses of an order are named, and a hundred of them do not flood the list."""
    for count, told in ((2, 2), (100, MOST_PLACES)):
        order = business_object("Order", **{f"address {number}": "Address" for number in range(count)})
        old = of_order(order, business_object("Address", street="string?"))
        new = of_order(order, business_object("Address", street="string"))
        found = [path for side, path, _, _ in places(impact_of(old, new)) if side == "input"]
        assert found == [f"RequestBO.address {number}.street" for number in range(told)]


def test_what_became_a_list_is_not_looked_into() -> None:
    """A list where one object was needs a change of the caller whatever is in it."""
    old = of_order(business_object("Order", line="Line"), business_object("Line", price="decimal"))
    new = of_order(business_object("Order", line="[Line]"), business_object("Line", price="string"))
    assert places(impact_of(old, new)) == [
        ("input", "RequestBO.line", "list", True),
        ("output", "ResponseBO.line", "list", True),
    ]


def test_parameters_follow_the_rules_of_fields() -> None:
    """Inputs that come and go, and one that becomes a list."""
    order = business_object("Order", id="string")
    old = content(flow(inputs={"A": "Order", "B": "Order", "C": "Order?"}), order)
    new = content(flow(inputs={"A": "[Order]", "C": "Order", "D": "Order", "E": "Order?", "G": "[Order]"}), order)
    assert places(impact_of(old, new)) == [
        ("input", "A", "list", True),
        ("input", "B", "removed", False),
        ("input", "C", "required", True),
        ("input", "D", "added", True),
        ("input", "E", "added", False),
        ("input", "G", "added", False),
    ]


def test_an_optional_output_is_nothing_else_on_the_wire() -> None:
    """An output nobody wrote is {} whether it is optional or not; one that goes is missed."""
    order = business_object("Order", id="string")
    old = content(flow(outputs={"A": "Order", "B": "Order"}), order)
    new = content(flow(outputs={"A": "Order?", "C": "Order"}), order)
    assert places(impact_of(old, new)) == [("output", "B", "removed", True), ("output", "C", "added", False)]
