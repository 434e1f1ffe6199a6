"""The faults of formulas: each kind shows its sentence, its place, what was expected and found, and the remedy."""

from decimal import Decimal

import pytest

from microflow_runtime.errors import Place
from microflow_runtime.feel import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    NUMBER,
    STRING,
    ContextType,
    FormulaFault,
    FormulaFaults,
    ListType,
    Type,
    check,
    optional,
)

LINE = ContextType("OrderLine", (("sku", STRING), ("quantity", NUMBER), ("price", optional(NUMBER))))
ORDER = ContextType("Order", (("id", STRING), ("lines", ListType(LINE)), ("placed", DATE), ("note", optional(STRING))))
SCOPE: dict[str, Type] = {
    "order": ORDER,
    "amount": NUMBER,
    "status": STRING,
    "open": BOOLEAN,
    "rate": optional(NUMBER),
    "body": ANY,
}


def faults(text: str, *, expected: Type | None = None) -> tuple[FormulaFault, ...]:
    """Give the faults of a formula that has some."""
    with pytest.raises(FormulaFaults) as caught:
        check(text, SCOPE, expected=expected)
    return caught.value.faults


def fault(text: str, *, expected: Type | None = None) -> FormulaFault:
    """Give the only fault of a formula."""
    (found,) = faults(text, expected=expected)
    return found


@pytest.mark.parametrize(
    ("text", "code", "part", "message", "remedy"),
    [
        ("amout + 1", "MF-F002", "amout", "there is no `amout` here", "did you mean `amount`?"),
        ("order.lins", "MF-F003", "lins", "Order has no field `lins`", "did you mean `lines`?"),
        ("order.lines.prize", "MF-F003", "prize", "OrderLine has no field `prize`", "did you mean `price`?"),
        ("order.lines[quantty > 1]", "MF-F002", "quantty", "there is no `quantty` here", "did you mean `quantity`?"),
        ("amount.total", "MF-F003", "total", "number has no fields", ""),
        ("order.placed.yeer", "MF-F003", "yeer", "date has no field `yeer`", "did you mean `year`?"),
        ("amount + status", "MF-F004", "amount + status", "`+` cannot take number and string", "write `string(…)` around the part that is no text"),
        ("order.lines * 2", "MF-F004", "order.lines * 2", "`*` cannot take [OrderLine] and number", "take one item of the list, as in `list[1]`, or go over it with `for`"),
        ("-status", "MF-F004", "-status", "`-` cannot take string", ""),
        ('order.placed > "2025-01-01"', "MF-F004", 'order.placed > "2025-01-01"', "`>` cannot compare date with string", "write `date(…)` around the text"),
        ("abs(status)", "MF-F005", "status", "`n` of `abs` has to be number or days and time duration or years and months duration, not string", ""),
        ("upper case(order.lines.sku)", "MF-F005", "order.lines.sku", "`string` of `upper case` has to be string, not [string]", "take one item of the list, as in `list[1]`, or go over it with `for`"),
        ("count(amount)", "MF-F005", "amount", "`list` of `count` has to be [Any], not number", "put square brackets around a single item: `[item]`"),
        ("substring(status)", "MF-F005", "substring(status)", "`substring` is called `substring(string, start position, [length])`, not with 1 argument", ""),
        ("substring(strin: status, start position: 1)", "MF-F005", "substring(strin: status, start position: 1)", "`substring` has no parameter `strin`", "did you mean `string`?"),
        ("uper case(status)", "MF-F006", "uper case", "there is no function `uper case`", "did you mean `upper case`?"),
        ("amount(1)", "MF-F006", "amount", "number cannot be called: it is no function", ""),
        ("if amount then 1 else 2", "MF-F007", "amount", "`if` takes a condition, not number", "compare the value with something"),
        ("open and order.lines", "MF-F007", "order.lines", "`and` takes a condition, not [OrderLine]", "write `count(…) > 0`"),
        ("order.lines[status]", "MF-F007", "status", "a filter takes a condition or a position, not string", "compare a field of the item with something"),
        ("for x in amount return x", "MF-F008", "amount", "a loop goes over a list, not over number", "put square brackets around a single item: `[item]`"),
        ('for x in ["a".."z"] return x', "MF-F008", '["a".."z"]', "a loop cannot go over range<string>", ""),
        ("status = 1", "MF-F009", "status = 1", "`=` of string and number can never be true", "write `number(…)` around the text"),
        ("order.lines = 1", "MF-F009", "order.lines = 1", "`=` of [OrderLine] and number can never be true", "write `list contains(list, value)`, or `value in list`"),
        ('amount in ["a", "b"]', "MF-F009", '["a", "b"]', "a list of string never holds number", ""),
        ("amount < null", "MF-F009", "amount < null", "`<` with null can never be true", "test for a missing value with `= null`"),
        ("amount == 1", "MF-F012", "==", "`==` is not FEEL", "write `=`"),
        ("open && open", "MF-F012", "&&", "`&&` is not FEEL", "write `and`"),
        ("open || open", "MF-F012", "||", "`||` is not FEEL", "write `or`"),
        ("!open", "MF-F012", "!open", "`!` is not FEEL", "write `not(…)`"),
        ("amount x 2", "MF-F012", "x", "`x` is not FEEL", "write `*`"),
        ('date("2025-02-30")', "MF-F013", '"2025-02-30"', "the date '2025-02-30' does not exist", ""),
        ('@"2025-13-01"', "MF-F013", '"2025-13-01"', "the date '2025-13-01' does not exist", ""),
        (r'matches(status, "(a)\2")', "MF-F014", r'"(a)\2"', r"the pattern '(a)\\2' is wrong at character 4: `\2` refers back to a group that does not end before it", ""),
        ('function(a) external {java: {class: "x"}}', "MF-F015", "external", "a function cannot be written in another language here", "call it from a node of its own (custom code, sub flow) and read its result"),
        ("{a: 1, a: 2}", "MF-F016", "a", "the context has two entries `a`", ""),
        ("amount instance of nubmer", "MF-F018", "nubmer", "there is no type `nubmer`", "did you mean `number`?"),
    ],
)  # fmt: skip
def test_a_fault_shows_its_part_and_remedy(text: str, code: str, part: str, message: str, remedy: str) -> None:
    """Each kind of fault has its code, marks the part to blame, and says how to mend it."""
    found = fault(text)
    assert (found.code, found.message, found.help) == (code, message, remedy)
    assert text[found.start : found.end] == part


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("1 +", 3, "expected a value, found the end of the formula"),
        ("(1", 2, "expected `)` to close the parenthesis, found the end of the formula"),
        ("if a 1", 5, "expected `then` after the condition, found `1`"),
        ("[1, 2", 5, "expected `]` to close the list, found the end of the formula"),
        ("{a 1}", 4, "expected `:` after the name of the entry, found `}`"),
        ("1 2", 2, "expected an operator or the end of the formula, found `2`"),
        ("for x return x", 4, "expected `name in list`, found `x`"),
        ('"abc', 0, "the text is not closed"),
        ("1 % 2", 2, "the character '%' has no meaning here"),
        ("/* a", 0, "the comment is not closed"),
        ("abs(n: 1, 2)", 10, "expected a parameter name: positional and named arguments cannot be mixed, found `2`"),
        ("f(1, n: 2)", 9, "expected every argument by name, or none, found `)`"),
    ],
)  # fmt: skip
def test_a_syntax_error_is_one_fault_at_its_place(text: str, at: int, message: str) -> None:
    """A text that is no formula gives one fault that says what was expected and what stands there."""
    found = fault(text)
    assert found.code == "MF-F001"
    assert found.message == message
    assert found.start == at


def test_all_faults_are_told_at_once() -> None:
    """One check tells of every fault, in the order of their places."""
    found = faults("amout == 1 && order.lins = status || abs(status) > 1")
    assert [item.code for item in found] == ["MF-F002", "MF-F012", "MF-F012", "MF-F003", "MF-F012", "MF-F005"]


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("amount == 1", "amount = 1"),
        ("open && open||open", "open and open or open"),
        ("!open", "not(open)"),
        ("!(amount > 1)", "not(amount > 1)"),
        ("amount x 2", "amount * 2"),
        ("order.lines[1].quantity x amount", "order.lines[1].quantity * amount"),
        ("(amount) x (2 + 1)", "(amount) * (2 + 1)"),
    ],
)
def test_the_vendors_spelling_is_mended_by_replacement(text: str, mended: str) -> None:
    """Putting each replacement into the text gives a formula without faults of spelling."""
    for item in sorted(faults(text), key=lambda item: -item.start):
        assert item.replacement is not None
        text = text[: item.start] + item.replacement + text[item.end :]
    assert text == mended
    assert check(text, SCOPE).text == mended


@pytest.mark.parametrize(
    ("text", "expected", "code", "part", "message"),
    [
        ("rate", NUMBER, "MF-F011", "rate", "the value may be missing, and number is required here"),
        ("order.note", STRING, "MF-F011", "order.note", "the value may be missing, and string is required here"),
        ("if open then rate else 1", NUMBER, "MF-F011", "rate", "the value may be missing, and number is required here"),
        ("null", NUMBER, "MF-F011", "null", "null cannot stand here, number is required"),
        ("status", NUMBER, "MF-F010", "status", "the formula gives string, and number is wanted here"),
        ("order.lines", STRING, "MF-F010", "order.lines", "the formula gives [OrderLine], and string is wanted here"),
        ("order.placed", DATE_TIME, "MF-F010", "order.placed", "the formula gives date, and date and time is wanted here"),
        ("{sku: 1, quantity: 2}", LINE, "MF-F010", "1", "the formula gives number, and string is wanted here"),
        ('{sku: "a", quantity: 2, pric: 3}', LINE, "MF-F003", "pric", "OrderLine has no field `pric`"),
        ('{sku: "a"}', LINE, "MF-F011", '{sku: "a"}', "the field `quantity` of OrderLine is required and is not set"),
        ('for l in order.lines return {sku: l.sku, quantity: "1"}', ListType(LINE), "MF-F010", 'for l in order.lines return {sku: l.sku, quantity: "1"}', "the formula gives [context<sku: string, quantity: string>], and [OrderLine] is wanted here, in `quantity`: string instead of number"),
    ],
)  # fmt: skip
def test_a_result_of_another_type_is_a_fault(text: str, expected: Type, code: str, part: str, message: str) -> None:
    """What does not fit the field it is mapped into is found before anything runs."""
    found = fault(text, expected=expected)
    assert (found.code, found.message) == (code, message)
    assert text[found.start : found.end] == part


def test_the_remedy_for_a_missing_value_checks() -> None:
    """The condition that the fault proposes makes the formula fit."""
    found = fault("rate", expected=NUMBER)
    assert found.help.startswith("write `if rate != null then rate else …`")
    assert check("if rate != null then rate else 0", SCOPE, expected=NUMBER).type is NUMBER


def test_a_negated_condition_that_may_be_null_tells_nothing_where_it_does_not_hold() -> None:
    """After `else` the negated part may be null as well as true, so what it compares may still be missing."""
    text = "if not(rate > 1) then 0 else rate"
    assert fault(text, expected=NUMBER).code == "MF-F011"
    assert check("if not(rate = null) then rate else 0", SCOPE, expected=NUMBER).type is NUMBER
    assert check("if not(rate != null) then 0 else rate", SCOPE, expected=NUMBER).type is NUMBER


def test_any_stands_anywhere() -> None:
    """A value nothing is known about is no fault; it is looked at when it runs."""
    assert check("body.a.b + amount", SCOPE, expected=NUMBER).type is ANY
    assert str(check("body[x > 1]", SCOPE).type) == "[Any]?"


def test_a_fault_becomes_a_record_for_terminal_and_logs() -> None:
    """The place of the formula's part in its file goes with the fault."""
    place = Place(file="a.yaml", line=3, column=9, end_column=14)
    record = fault("amout").as_fault(place, "when: = amout")
    assert record.one_line() == "a.yaml:3:9: MF-F002 there is no `amout` here (did you mean `amount`?)"


def test_a_long_chain_of_conditions_is_no_problem() -> None:
    """Hundreds of conditions are balanced; a result is found by any of them."""
    text = " or ".join(f"amount = {number}" for number in range(900))
    bound = check(text, SCOPE).bind({"amount": 0})
    assert bound([Decimal(899)]) is True
    assert bound([Decimal(900)]) is False
    mixed = " or ".join(" and ".join(f"amount > {low + step}" for step in range(20)) for low in (5, 900))
    assert check(mixed, SCOPE).bind({"amount": 0})([Decimal(25)]) is True


@pytest.mark.parametrize("levels", [20, 60, 100, 118, 119, 125, 200, 300])
@pytest.mark.parametrize(
    "shape", ["1{}", "amount{}", "(1{})", "[1{}]", "if open then 1{} else 2", "rate{}", "(rate{}) > 1 and open"]
)
def test_what_checks_also_compiles(levels: int, shape: str) -> None:
    """However deep a formula is, either it is one fault, or it can be bound and run."""
    text = shape.format(" + amount" * levels)
    try:
        formula = check(text, SCOPE)
    except FormulaFaults as error:
        assert error.faults[0].code == "MF-F017"  # noqa: PT017 - both outcomes are right
        return
    values = {"amount": Decimal(1), "rate": None, "open": True}
    formula.bind({name: index for index, name in enumerate(values)})(list(values.values()))


@pytest.mark.parametrize(
    "text",
    ["1" + "+1" * 20_000, "(" * 5_000 + "1" + ")" * 5_000, "a" * 100_000, "[" * 70 + "]" * 70, "-" * 3_000 + "1"],
)
def test_a_monstrous_formula_is_one_fault(text: str) -> None:
    """Neither length nor nesting brings the checker down."""
    assert fault(text).code in {"MF-F017", "MF-F001", "MF-F002"}
