"""Evaluation by the standard: errors become null, and are told."""

from decimal import Decimal

import pytest

from microflow_runtime.feel import NUMBER, RangeValue, evaluate, set_clock


@pytest.mark.parametrize(
    ("text", "part", "message"),
    [
        ("[1, 2 / 0, 3]", "2 / 0", "division by zero: number / number"),
        ('1 + "a"', '1 + "a"', "`+` cannot take number and string"),
        ("nobody + 1", "nobody", "there is no `nobody` here"),
        ('date("2025-02-30")', 'date("2025-02-30")', "the date '2025-02-30' does not exist"),
        ("abs(1, 2)", "abs(1, 2)", "`abs` is called `abs(n)`, not with 2 arguments"),
        ("{a: 1, a: 2}", "{a: 1, a: 2}", "the context has two entries of one name"),
        ("1 +", "", "expected a value, found the end of the formula"),
    ],
)
def test_a_hidden_error_is_told_with_its_place(text: str, part: str, message: str) -> None:
    """The part that became null is named, with the reason."""
    (error,) = evaluate(text, {}).errors
    assert error.message == message
    assert text[error.start : error.end] == part


def test_only_the_failing_part_becomes_null() -> None:
    """What stands around it keeps its value."""
    assert evaluate("[1, 2 / 0, 3]", {}).value == [1, None, 3]
    assert evaluate("if 1 / 0 > 1 then 1 else 2", {}).value == 2
    assert evaluate("false and 1 / 0 = 1", {}).value is False


def test_names_of_any_script_and_of_several_words() -> None:
    """Names hold spaces, operators and any letters, also inside values."""
    values = {
        "Monthly Salary": Decimal(10),
        "ราคา สินค้า": Decimal(3),
        "a+b": Decimal(5),
        "a": Decimal(1),
        "b": Decimal(2),
        "row": {"in stock": Decimal(4)},
    }
    assert evaluate("12 * Monthly Salary", values).value == 120
    assert evaluate("ราคา สินค้า * 2", values).value == 6
    assert evaluate("a+b", values).value == 5
    assert evaluate("a + b", values).value == 3
    assert evaluate("row.in stock", values).value == 4
    assert evaluate("{foo bar: 1, baz: foo bar + 1}.baz", {}).value == 2


def test_escapes_of_text() -> None:
    """All escapes are read; a backslash before another letter stands for itself."""
    assert evaluate(r'"\"\\\n\t\r\'\u0e01\U01F40E\ud83d\udc0e\d"', {}).value == "\"\\\n\t\r'ก🐎🐎\\d"
    assert evaluate(r'"\U110000"', {}).errors


def test_now_is_told_by_the_given_clock() -> None:
    """The clock and the zone are the execution's."""
    set_clock(lambda: 1_700_000_000_123_000_000, "Asia/Bangkok")
    try:
        assert str(evaluate("now()", {}).value) == "2023-11-15T05:13:20.123@Asia/Bangkok"
        assert str(evaluate("today()", {}).value) == "2023-11-15"
        with pytest.raises(ValueError, match="no time zone"):
            set_clock(zone="Nowhere")
    finally:
        set_clock()


def test_ranges_have_parts() -> None:
    """Ends and brackets of a range can be read."""
    assert evaluate("[1..3).end included", {}).value is False
    assert evaluate("(< 5).end", {}).value == 5
    assert evaluate("[1..3]", {}).value == RangeValue(Decimal(1), Decimal(3), True, True)
    assert evaluate("5 in ]1..5[", {}).value is False


def test_named_types_are_known_to_instance_of() -> None:
    """Types given by name can be tested for."""
    assert evaluate("1 instance of Money", {}, types={"Money": NUMBER}).value is True
    assert evaluate('"1" instance of Money', {}, types={"Money": NUMBER}).value is False
    assert evaluate("[1, 2] instance of list<number>", {}).value is True
    assert evaluate("(function(a: number) a > 1) instance of function<number>->Any", {}).value is True


def test_unary_tests_over_a_value() -> None:
    """The value under test is `?`."""
    assert evaluate("> 10, < 2", {"?": Decimal(1)}, unary=True).value is True
    assert evaluate("not(1, 2)", {"?": Decimal(1)}, unary=True).value is False
    assert evaluate("-", {"?": None}, unary=True).value is True
