"""Checking, binding and running formulas."""

import decimal
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from microflow_runtime.feel import (
    ANY,
    BOOLEAN,
    DATE,
    NUMBER,
    NUMBER_CONTEXT,
    STRING,
    ContextType,
    FeelError,
    FormulaFaults,
    ListType,
    Type,
    check,
    optional,
    parse_date,
)
from microflow_runtime.feel.formula import _known

LINE = ContextType("Line", (("sku", STRING), ("quantity", NUMBER), ("price", optional(NUMBER))))
ORDER = ContextType("Order", (("id", STRING), ("lines", ListType(LINE)), ("unit price", NUMBER), ("placed", DATE)))
SCOPE: dict[str, Type] = {
    "order": ORDER,
    "perhaps": optional(ORDER),
    "amount": NUMBER,
    "rate": optional(NUMBER),
    "body": ANY,
    "status": STRING,
}
LAYOUT = {name: index for index, name in enumerate(SCOPE)}


def line(sku: str, quantity: int, price: str | None) -> dict[str, Any]:
    """Make a line."""
    return {"sku": sku, "quantity": Decimal(quantity), "price": None if price is None else Decimal(price)}


VALUES: dict[str, Any] = {
    "order": {
        "id": "1",
        "lines": [line("a", 2, "1.50"), line("b", 5, None)],
        "unit price": Decimal(3),
        "placed": parse_date("2025-01-31"),
    },
    "perhaps": None,
    "amount": Decimal(10),
    "rate": None,
    "body": {"x": Decimal(1), "list": [Decimal(1), "two"], "when": "soon"},
    "status": "A",
}


@pytest.fixture(autouse=True)
def _number_context() -> Iterator[None]:
    with decimal.localcontext(NUMBER_CONTEXT):
        yield


def run(text: str, **more: Any) -> Any:
    """Check, bind and run a formula."""
    return check(text, SCOPE, **more).bind(LAYOUT)(list(VALUES.values()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amount * 1.5 + 1", "16.0"),
        ("order.unit price * 2", "6"),
        ("count(order.lines[price = null])", "1"),
        ("sum(for l in order.lines return l.quantity)", "7"),
        ("order.lines[-1].quantity", "5"),
        ("order.lines[quantity > 2][1].quantity", "5"),
        ('if order.placed > date("2025-01-01") then 1 else 2', "1"),
        ("body.x + 1", "2"),
        ("body.list[1]", "1"),
        ("(for i in 1..3 return function(x) x + i)[2](10)", "12"),
        ("{f: function(n: number) if n <= 1 then 1 else n * f(n - 1)}.f(10)", "3628800"),
        ("round half up(2.345, 2)", "2.35"),
        ("10 ** 2", "100"),
        ("{a: 2, b: a * 3}.b", "6"),
        ("abs(n: -3)", "3"),
        ("order.placed.year", "2025"),
    ],
)  # fmt: skip
def test_numbers_come_out_as_decimals(text: str, expected: str) -> None:
    """A formula gives the exact decimal."""
    assert str(run(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate * 2", None),
        ("perhaps.id", None),
        ("perhaps.lines[1].sku", None),
        ("rate > 1", None),
        ("if rate > 1 then 1 else 2", Decimal(2)),
        ("upper case(perhaps.id)", None),
        ("for l in order.lines return l.price * 2", [Decimal("3.00"), None]),
        ("every l in order.lines satisfies l.price > 0", None),
        ("some l in order.lines satisfies l.price > 0", True),
        ("rate = null", True),
        ("11 between rate and amount", False),
        ("5 between rate and amount", None),
        ("body.nothing.at.all", None),
        ("rate in (< 2, > 5)", None),
    ],
)
def test_a_missing_value_stays_missing(text: str, expected: Any) -> None:
    """Null goes through operators, paths, functions and loops without an error."""
    assert run(text) == expected


@pytest.mark.parametrize(
    ("text", "part", "message"),
    [
        ("1 + amount / (amount - 10)", "amount / (amount - 10)", "division by zero: number / number"),
        ("body.list[2] + 1", "body.list[2] + 1", "`+` cannot take string and number"),
        ("if body.x then 1 else 2", "body.x", "a condition has to be boolean, not number"),
        ("date(body.when)", "date(body.when)", "'soon' is not a date; a date is written 2025-01-31"),
        ("body.x.y", "body.x.y", "number has no field `y`"),
        ("10 ** 6000 * 10 ** 6000", "10 ** 6000 * 10 ** 6000", "the result is larger than any number: number * number"),
        ("sqrt(amount - 11)", "sqrt(amount - 11)", "the number -1 has no square root"),
        ("body.x and true", "body.x and true", "`and` cannot take number and boolean"),
        ("for l in order.lines return l.quantity / (l.quantity - 2)", "l.quantity / (l.quantity - 2)", "division by zero: number / number"),
        ("[1, 2][item / 0 > 1]", "item / 0", "division by zero: number / number"),
        ("(function(a) a / 0)(1)", "a / 0", "division by zero: number / number"),
        ("body.x()", "body.x()", "number cannot be called: it is no function"),
        ("abs(body.when)", "abs(body.when)", "`n` of `abs` has to be number or days and time duration or years and months duration, not string"),
        ('substring("abc", amount)', 'substring("abc", amount)', "the text has 3 characters and no position 10"),
    ],
)  # fmt: skip
def test_an_error_names_its_part_and_the_types(text: str, part: str, message: str) -> None:
    """Strict evaluation raises where FEEL would hide an error, with the failing part and the operands' types."""
    with pytest.raises(FeelError) as caught:
        run(text)
    assert caught.value.message == message
    assert caught.value.text[caught.value.start : caught.value.end] == part
    assert caught.value.__cause__ is not None


def test_equal_formulas_are_one_object_and_share_their_function() -> None:
    """The same text over the same types is checked once and compiled once for the same places."""
    other = {"amount": NUMBER, "unused": STRING}
    first, second = check("amount + 1", SCOPE), check("amount + 1", other)
    assert first is second
    assert first.bind({"amount": 3}) is second.bind({"amount": 3})
    assert first.bind({"amount": 3}) is not first.bind({"amount": 0})
    assert check("amount + 1", {"amount": optional(NUMBER)}) is not first


def test_a_remembered_formula_does_not_hide_a_new_name() -> None:
    """A scope that gives another meaning to a built-in's name is checked anew."""
    plain = check("[1, 2][count > 1]", {"count": NUMBER})
    assert plain.names == ("count",)
    with pytest.raises(FormulaFaults):
        check("[1, 2][count > 1]", {})


def test_one_text_over_many_records_is_not_remembered_for_each_of_them() -> None:
    """A text that thousands of flows have, each over a record of its own, takes neither memory nor a search for each."""
    for number in range(50):
        check("row.amount * 3 + 0.75", {"row": ContextType(f"Row{number}", (("amount", NUMBER),))})
    assert len(_known["row.amount * 3 + 0.75", False]) < 10


def test_names_are_those_the_formula_reads() -> None:
    """Loop variables, built-ins and fields are no names of the scope."""
    formula = check("for l in order.lines return l.quantity * amount", SCOPE)
    assert formula.names == ("amount", "order")
    assert str(formula.type) == "[number]"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("if rate != null then rate + 1 else 0", "number"),
        ("if rate = null then 0 else rate", "number"),
        ('if perhaps.id != null then perhaps.id else ""', "string"),
        ("if rate > 1 and amount > 1 then rate else amount", "number"),
        ("rate != null and rate > 1", "boolean"),
        ("rate = null or rate > 1", "boolean"),
        ("if not(rate = null) then rate else 1", "number"),
        ("if body instance of number then body + 1 else 1", "number"),
        ("if rate != amount then rate else 1", "number?"),
        ("if rate = null or amount > 1 then 1 else rate", "number"),
        ("if rate = null and amount > 1 then 1 else rate", "number?"),
        ("if rate != null then (for rate in [null, 1] return rate)[1] else 1", "number?"),
        ("order.lines[1]", "Line?"),
        ("if sum(order.lines.quantity) != null then sum(order.lines.quantity) else 0", "number"),
        ('if order.lines[1] != null then order.lines[1].sku else ""', "string"),
        ("if order.lines[1].price > 0 then order.lines[1].price * order.lines[ 1 ].quantity else 0", "number?"),
        ("if order.lines[1].price > 0 then order.lines[1].price * order.lines[1].quantity else 0", "number"),
        ("if rate != null then (for amount in [1] return rate) else []", "[number]"),
        ("for l in order.lines return if l.price != null then l.price else 0", "[number]"),
        ("for l in order.lines return if l.price != null then (for l in order.lines return l.price)[1] else 0", "[number?]"),
        ("order.lines.price", "[number?]"),
        ('[1, "a"]', "[Any]"),
        ("{a: 1, b: [rate]}", "context<a: number, b: [number?]>"),
        ("order.placed - order.placed", "days and time duration"),
        ("function(a: number) a > 1", "function<number>->boolean"),
        ("rate in [1..3]", "boolean?"),
        ("amount in [1..3]", "boolean"),
        ("amount in [1..rate]", "boolean?"),
        ("for i in [1..amount] return i", "[number]"),
        ("max(order.lines.quantity)", "number?"),
    ],
)  # fmt: skip
def test_types_and_nulls_are_tracked(text: str, kind: str) -> None:
    """The type of the result is known, and a test for null tells the branches that follow."""
    assert str(check(text, SCOPE).type) == kind


def test_unary_tests_look_at_the_value() -> None:
    """A cell of unary tests is a condition over `?`."""
    formula = check("< 10, [20..30], ? = 15", {"?": NUMBER}, unary=True)
    test = formula.bind({"?": 0})
    assert [test([Decimal(number)]) for number in (5, 10, 15, 25, 31)] == [True, False, True, True, False]
    assert check("-", {"?": NUMBER}, unary=True).bind({"?": 0})([Decimal(1)]) is True
    assert check("not(1, 2)", {"?": NUMBER}, unary=True).bind({"?": 0})([Decimal(3)]) is True


def test_a_business_object_may_hold_itself() -> None:
    """Fields given as a function are read when they are needed, so types can be recursive."""
    node = ContextType("Node", lambda: (("name", STRING), ("children", ListType(node))))
    assert str(check("root.children[1].children.name", {"root": node}).type) == "[string]"
    again = ContextType("Node", lambda: (("name", STRING), ("children", ListType(again))))
    assert node == again
    assert hash(node) == hash(again)
    with pytest.raises(FormulaFaults, match="Node has no field `nam`"):
        check("root.children[1].nam", {"root": node})


def test_a_function_keeps_the_values_of_its_turn() -> None:
    """Functions made in a loop do not share the loop's variable."""
    assert run("for f in (for i in 1..3 return function(x) x * i) return f(10)") == [10, 20, 30]


def test_partial_results_are_no_alias() -> None:
    """What a loop has computed so far is a value, not a list that goes on growing."""
    assert run("for i in 1..3 return partial") == [[], [[]], [[], [[]]]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("perhaps.lines", []),
        ("count(perhaps.lines)", Decimal(0)),
        ("for x in perhaps.lines return x.sku", []),
        ('append(perhaps.lines.sku, "a")', ["a"]),
        ("some l in perhaps.lines satisfies l.quantity > 1", False),
        ("[perhaps].lines", [[]]),
        ("[perhaps][count(lines) = 0].id", [None]),
        ("[[perhaps]].lines", [[None]]),
        ("{lines: null}.lines", None),
    ],
)
def test_a_declared_list_of_a_missing_record_is_empty(text: str, expected: Any) -> None:
    """A list that a definition declares is never null; a type that says so holds what comes."""
    formula = check(text, SCOPE)
    value = formula.bind(LAYOUT)(list(VALUES.values()))
    assert value == expected
    assert formula.type.optional == (value is None)


@pytest.mark.parametrize(
    ("text", "is_error"),
    [
        ("body.rows[amount = amount]", True),
        ("[{amount: 1}][amount = amount]", True),
        ("[{amount: 1}][item.amount >= amount]", True),
        ("[{amount: 1}][amount != amount]", True),
        ("{id: 1, found: order.lines[sku = sku]}", False),
        ("{sku: 1, found: order.lines[sku = sku]}", True),
        ("for sku in [1] return order.lines[sku = sku]", True),
        ("some l in order.lines satisfies l.sku = l.sku", False),
        ("amount = amount", False),
        ('for sku in ["a"] return order.lines[sku = order.id]', None),
        ('for wanted in ["a"] return order.lines[sku = wanted]', None),
        ("order.lines[sku = order.lines[1].sku]", None),
        ("order.lines[1].sku = order.lines[1].sku", None),
    ],
)
def test_a_comparison_with_itself_is_told(text: str, is_error: bool | None) -> None:
    """It is a fault where the field of an item hides the name that was meant, else a warning."""
    try:
        told = list(check(text, SCOPE).warnings)
    except FormulaFaults as error:
        told = list(error.faults)
    assert [(fault.code, fault.is_error) for fault in told] == ([] if is_error is None else [("MF-F009", is_error)])


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("rate * 2 + 1", "rate"),
        ("perhaps.unit price * 2", "perhaps"),
        ("string length(perhaps.id) + amount", "perhaps"),
        ("order.lines[1].quantity", "order.lines[1]"),
        ("amount + sum(order.lines.price)", "sum(order.lines.price)"),
        ("if amount > 1 then 1 else -rate", "rate"),
        ("round half up(rate, 2)", "rate"),
    ],
)
def test_the_part_that_may_be_missing_is_named(text: str, part: str) -> None:
    """The sentence and its remedy name the innermost part of which the null would come."""
    with pytest.raises(FormulaFaults) as caught:
        check(text, SCOPE, expected=NUMBER)
    (fault,) = caught.value.faults
    assert f"`{part}` may be missing, so the formula may give null" in fault.message
    assert f"if {part} != null" in fault.help


@pytest.mark.parametrize("text", ["for i, j in [1] return i", "some i, j in [1] satisfies true"])
def test_each_name_goes_over_a_list_of_its_own(text: str) -> None:
    """Two names before one `in` are refused with the form that is meant."""
    with pytest.raises(FormulaFaults, match=r"for a in list, b in list"):
        check(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("order.lines[price != null].price", "[number]"),
        ("order.lines[price > 1 and quantity > 1].price", "[number]"),
        ("order.lines[price > 1 or price = 0].price", "[number]"),
        ("order.lines[price > 1 or quantity > 1].price", "[number?]"),
        ("order.lines[not(price = null)].price", "[number]"),
        ("order.lines[price = null].price", "[number?]"),
        ("[rate, 1][item != null]", "[number]"),
        ("if rate between 1 and 2 then rate else 0", "number"),
        ("if rate + 1 > 2 then rate else 0", "number"),
        ("if (rate > 1 and amount > 1) or rate = 0 then rate else 0", "number"),
        ("if rate > 1 or amount > 1 then rate else 0", "number?"),
        ('if perhaps.lines != [] then perhaps.id else ""', "string?"),
    ],
)
def test_conditions_narrow(text: str, kind: str) -> None:
    """A filter tells its items, a condition what it can only be true of."""
    assert str(check(text, SCOPE).type) == kind


def test_warnings_do_not_stop_a_formula() -> None:
    """A comparison with null of a value that is never missing is told, and runs."""
    formula = check("amount != null", SCOPE)
    assert [warning.is_error for warning in formula.warnings] == [False]
    assert formula.type is BOOLEAN


@pytest.mark.parametrize(
    ("text", "type_text"),
    [
        ("order.lines[rate]", "Line?"),
        ("order.lines[rate].quantity", "number?"),
        ("perhaps.lines[rate]", "Line?"),
        ("order.lines[item.price]", "Line?"),
        ("amount[rate]", "number?"),
        ("order[perhaps.unit price]", "Order?"),
    ],
)
def test_a_missing_position_gives_null(text: str, type_text: str) -> None:
    """As any missing value does: the result is of the type that the check told, and no list."""
    formula = check(text, SCOPE)
    values = {**VALUES, "order": {**VALUES["order"], "lines": [line("b", 5, None), line("a", 2, "1")]}}
    assert str(formula.type) == type_text
    assert formula.bind(LAYOUT)(list(values.values())) is None


def test_a_position_is_counted_from_either_end() -> None:
    """Also one that is computed from the item, which is asked for once."""
    for text, sku in (
        ("order.lines[amount - 8].sku", "b"),
        ("order.lines[-2].sku", "a"),
        ("order.lines[quantity].sku", "b"),
    ):
        assert check(text, SCOPE).bind(LAYOUT)(list(VALUES.values())) == sku
