"""What formulas may use is counted for one evaluation: what others used in the thread before does not matter."""

from decimal import Decimal

import pytest

from microflow_runtime.feel import ANY, NUMBER, STRING, ContextType, ListType, check, limits, optional

_KINDS = {
    "x": NUMBER,
    "s": STRING,
    "m": optional(NUMBER),
    "any": ANY,
    "numbers": ListType(NUMBER),
    "rows": ListType(ContextType("", (("a", NUMBER), ("t", STRING)))),
    "one": ContextType("", (("a", NUMBER),)),
}
_FRAME = [
    Decimal(2),
    "ab",
    Decimal(2),
    Decimal(2),
    [Decimal(1), Decimal(2)],
    [{"a": Decimal(1), "t": "u"}],
    {"a": Decimal(1)},
]


@pytest.mark.parametrize(
    "text",
    [
        "x in numbers", "x in (1, [2, 3])", "any in numbers", "m in (> 1, 2)", "numbers = [1, 2]", "one = {a: 1}", "any = x",
        "any != x", "m = 2", "rows.a", "rows[a = 1].t", "numbers[x]", "numbers[-1]", "for n in numbers return n",
        "some n in numbers satisfies n = 2", "every n in numbers satisfies n in numbers", "sum(numbers)", "s + s", "any + x",
        "{a: numbers, b: s}", "[x, x]", "append(numbers, x)", "string(x)", "contains(s, s)", 'matches(s, "a.*")',
        'split(s, "a")', "count(rows)", "sort(numbers, function(a, b) a < b)", "(function(n) n + 1)(x)", "x between 1 and 3",
        'if x in numbers then s else ""', "distinct values(numbers)", "list contains(numbers, x)", 'get value(one, "a")',
        "substring(s, 1)", "upper case(s)", 'replace(s, "a", "b")', "numbers[item > 1]", "flatten([numbers])",
    ],
)  # fmt: skip
def test_an_evaluation_begins_to_count_anew(text: str) -> None:
    """A worker evaluates millions of formulas in one thread."""
    bound = check(text, _KINDS).bind({name: index for index, name in enumerate(_KINDS)})
    use = limits._use
    for _ in range(2):
        use.turns, use.text, use.steps = limits.MAXIMUM_TURNS, limits.MAXIMUM_TEXT_IN_ALL, limits.MAXIMUM_STEPS - 1
        try:
            bound(_FRAME)
        finally:
            limits.start()
