"""What is answered to a formula."""

from decimal import Decimal
from typing import Any

import pytest

from microflow_runtime.cli.feel_answer import answer, as_json, kind_of
from microflow_runtime.feel import check

VALUES: dict[str, Any] = {
    "amount": Decimal("3.50"),
    "order": {"line total": [Decimal(1), Decimal(2)], "note": None},
    "lines": [{"sku": "a", "unit price": Decimal(2)}, {"sku": "b", "unit price": Decimal(3), "gift": True}],
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("amount * 2", "7.00"),
        ("10 ** 20", "100000000000000000000"),
        ("0.1 + 0.2", "0.3"),
        ('date("2025-01-31") + duration("P1M")', '"2025-02-28"'),
        ("[1..3]", '"[1..3]"'),
        ("null", "null"),
        ('"ก\\u0041"', '"กA"'),
        ("order.line total[2] = 2", "true"),
        ("sum(lines.unit price)", "5"),
        ("lines.gift[2]", "true"),
        ("{a: 1, b: []}", '{\n  "a": 1,\n  "b": []\n}'),
    ],
)
def test_a_value_is_shown_as_json(text: str, shown: str) -> None:
    """Numbers keep their digits and are plain, what JSON does not have is the text of FEEL."""
    found = answer(text, VALUES)
    assert (found.shown, found.faults, found.failed) == (shown, (), False)


def test_hidden_errors_are_warnings_with_their_place() -> None:
    """The standard gives null; what it hides is told, and is no failure."""
    found = answer("[amount,\n  1 / 0]", VALUES)
    assert (found.shown, found.failed) == ("[\n  3.50,\n  null\n]", False)
    (fault,) = found.faults
    assert (fault.code, fault.message, fault.is_error) == ("MF-F100", "division by zero: number / number", False)
    assert fault.place is not None
    assert (fault.place.line, fault.place.column, fault.place.end_column) == (2, 3, 8)
    assert fault.source_line == "  1 / 0]"


def test_strict_fails_where_an_error_would_be_hidden() -> None:
    """Flows are strict: the same formula has no value, and the fault is an error."""
    found = answer("[amount,\n  1 / amount.x]", {"amount": Decimal(0)}, strict=True)
    assert (found.shown, found.failed) == ("", True)
    (fault,) = found.faults
    assert fault.is_error
    assert fault.place is not None
    assert fault.place.line == 2


def test_strict_keeps_missing_values() -> None:
    """A path through null is null, not an error."""
    found = answer("order.note.text", VALUES, strict=True)
    assert (found.shown, found.faults, found.failed) == ("null", (), False)


def test_strict_tells_unknown_names() -> None:
    """A name that nobody gave is told with the nearest one, before anything is computed."""
    found = answer("amout + 1", VALUES, strict=True)
    assert found.failed
    assert [(fault.code, fault.help) for fault in found.faults] == [("MF-F002", "did you mean `amount`?")]


@pytest.mark.parametrize(
    ("text", "code", "column"), [("amount == 1", "MF-F012", 8), ("1 +", "MF-F001", 4), ("(" * 400, "MF-F017", 1)]
)
def test_what_is_no_formula_has_no_value(text: str, code: str, column: int) -> None:
    """The standard's null is for formulas: another text is a fault, also without `strict`."""
    found = answer(text, VALUES)
    assert (found.shown, found.failed) == ("", True)
    assert found.faults[0].code == code
    assert found.faults[0].place is not None
    assert found.faults[0].place.column >= column


@pytest.mark.parametrize("options", [{}, {"strict": True}, {"explain": True}])
def test_a_limit_that_is_passed_is_a_failure(options: dict[str, bool]) -> None:
    """A loop without an end in sight ends with the limit's sentence."""
    found = answer("count(for i in 1..1000000000 return i)", {}, **options)
    assert found.failed
    assert "MF-F101" in [fault.code for fault in found.faults]


def test_explaining_tells_each_part_below_the_one_it_belongs_to() -> None:
    """The whole comes first; a part that failed tells why, and then there is no value."""
    found = answer('amount > 2 and\n"x" + amount = "y"', VALUES, explain=True)
    assert found.shown.splitlines() == [
        'amount > 2 and "x" + amount = "y"  →  (`+` cannot take string and number)',
        "  amount > 2  →  true",
        "    amount  →  3.50",
        '  "x" + amount = "y"  →  (`+` cannot take string and number)',
        '    "x" + amount  →  (`+` cannot take string and number)',
        "      amount  →  3.50",
    ]
    assert found.failed


def test_explaining_a_constant_tells_its_value() -> None:
    """A constant has no parts but itself."""
    assert answer("true", {}, explain=True).shown == "true  →  true"


def test_fields_of_several_words_are_known_to_the_checker() -> None:
    """Names of fields with spaces are read in contexts, and in lists whose items share them."""
    scope = {name: kind_of(value) for name, value in VALUES.items()}
    assert check("lines.unit price", scope).names == ("lines",)
    assert check("order.line total", scope).names == ("order",)


def test_json_is_compact_without_an_indentation() -> None:
    """On one line where it stands in one."""
    assert as_json([Decimal("1E+2"), {"a": "x"}]) == '[100,{"a":"x"}]'
