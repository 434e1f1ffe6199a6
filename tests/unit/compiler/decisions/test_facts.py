"""What is known of a formula's values by the fields that it names."""

from decimal import Decimal

from microflow_runtime.compiler.decisions import NO_FACTS, Facts, facts_of
from microflow_runtime.compiler.decisions.facts import are_independent
from microflow_runtime.compiler.feel_types import FeelTypes
from microflow_runtime.feel import NUMBER, Date, check
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.type_ref import TypeRef

_LINE = BusinessObject(name="Line", fields=(Field(name="count", type=TypeRef("integer"), minimum="1", maximum="9"),))
_ORDER = BusinessObject(
    name="Order",
    fields=(
        Field(name="lines", type=TypeRef("Line", is_list=True)),
        Field(name="first", type=TypeRef("Line")),
        Field(name="state", type=TypeRef("string"), one_of=("open", "paid")),
        Field(name="size", type=TypeRef("integer"), one_of=("1", "3")),
        Field(name="day", type=TypeRef("date")),
        Field(name="note", type=TypeRef("string")),
    ),
)
_ALL = {"Order": _ORDER, "Line": _LINE}


def _facts(text: str) -> Facts:
    scope = {"Order": FeelTypes(_ALL).of(TypeRef("Order")), "n": NUMBER}
    return facts_of(check(text, scope), scope, _ALL)


def test_paths_to_fields() -> None:
    """Whole numbers, bounds, the only values; through other fields and items of lists."""
    counted = Facts(whole=True, least=Decimal(1), most=Decimal(9))
    assert _facts("Order.first.count") == counted
    assert _facts("Order.lines[1].count") == counted
    assert _facts("Order.state") == Facts(only=("open", "paid"))
    assert _facts("Order.size") == Facts(whole=True, only=(Decimal(1), Decimal(3)))
    assert _facts("Order.day") == Facts(least=Date(1, 1, 1), most=Date(9999, 12, 31))


def test_formulas_of_which_little_is_known() -> None:
    """Arithmetic, a list, a variable of a simple type, a text of any content; a count is no fraction."""
    for text in ("Order.first.count + 1", "Order.lines.count", "n", "Order.note"):
        assert _facts(text) == NO_FACTS, text
    assert _facts("count(Order.lines)") == Facts(whole=True, least=Decimal(0))


def test_formulas_that_depend_on_each_other() -> None:
    """They read the same value, or one a part of the other's."""
    assert are_independent([(("In", "a"),), (("In", "b"),), ()])
    assert not are_independent([(("In", "a"),), (("In", "b"), ("In", "a"))])
    assert not are_independent([(("In",),), (("In", "a"),)])
    assert are_independent([(("In", "a"), ("In", "a", "b"))])
