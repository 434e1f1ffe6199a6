"""Limits inside formulas: whatever a formula asks for, it ends in time and in little memory."""

import decimal
import math
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from microflow_runtime.feel import NUMBER_CONTEXT, FeelError, FeelLimitError, check, evaluate, set_deadline
from microflow_runtime.feel.lexer import MAXIMUM_TEXT as LONGEST_FORMULA

NESTED = "(for i in 1..60 return if i = 1 then [1, 2] else [partial[-1], partial[-1]])"
GREEDY = [
    "for i in 1..1000000000 return i",
    "for i in 1..1000, j in 1..1000 return i",
    "for i in 1..1000 return for j in 1..1000 return {a: i, b: j}",
    "every x in 1..200000 satisfies every y in 1..200000 satisfies every z in 1..200000 satisfies x * y >= 0",
    'for i in @"-999999999-01-01"..@"999999999-01-01" return i',
    "for i in 1E+6000..1E+6001 return i",
    'string join(for i in 1..200000 return "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")',
    'for i in 1..60 return if i = 1 then "ab" else partial[-1] + partial[-1]',
    'replace(string join(for i in 1..90000 return "a"), "a", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")',
    f"string({NESTED})",
    f"flatten({NESTED})",
    "for i in 1..100000 return concatenate(for j in 1..10 return j, [1])",
    "union(for i in 1..200000 return i, for i in 1..200000 return i)",
    "{f: function(n) f(n + 1)}.f(1)",
]
ENDLESS = [
    f"{NESTED} = {NESTED}",
    "{f: function(n) if n = 0 then 1 else f(n - 1) + f(n - 1)}.f(60)",
    "sort(for i in 1..90000 return 90000 - i, function(a, b) 1 ** 0.5 < a + b)",
]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    with decimal.localcontext(NUMBER_CONTEXT):
        yield
    set_deadline(math.inf)


@pytest.mark.parametrize("text", GREEDY)
def test_a_greedy_formula_is_stopped_in_little_memory(text: str) -> None:
    """A formula that would take too much is stopped with less than 64 MB, and the next one runs."""
    bound = check(text, {}).bind({})
    tracemalloc.start()
    with pytest.raises(FeelLimitError) as caught:
        bound([])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
    assert not caught.value.is_deadline
    assert text[caught.value.start : caught.value.end]
    assert check("sum(for i in 1..1000 return i)", {}).bind({})([]) == 500500


@pytest.mark.parametrize("text", GREEDY[:4])
def test_the_standards_evaluation_does_not_hide_a_limit(text: str) -> None:
    """A limit is an error there, too, and not a null."""
    with pytest.raises(FeelLimitError):
        evaluate(text, {})


@pytest.mark.parametrize("text", ENDLESS)
def test_the_deadline_holds_inside_a_formula(text: str) -> None:
    """A formula that takes long ends soon after the deadline, and says that it was the time."""
    bound = check(text, {}).bind({})
    began = time.monotonic()
    set_deadline(began + 0.2)
    with pytest.raises(FeelLimitError) as caught:
        bound([])
    assert caught.value.is_deadline
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    "text", ["10 ** (10 ** 10)", "exp(100000)", "10 ** 6144 * 10", '@"P999999999Y" * 1000000000', "modulo(1E+6000, 7)"]
)
def test_a_number_beyond_all_numbers_is_an_error_at_once(text: str) -> None:
    """Huge powers cost nothing."""
    began = time.monotonic()
    with pytest.raises(FeelError):
        check(text, {}).bind({})([])
    assert time.monotonic() - began < 0.2


def test_counts_belong_to_one_evaluation() -> None:
    """A formula that ran often does not use up what the next run may take."""
    bound = check("count(for i in 1..100000 return i)", {}).bind({})
    for _ in range(6):
        assert bound([]) == 100000


def test_a_call_that_failed_leaves_no_depth_behind() -> None:
    """Errors inside functions do not count as open calls afterwards."""
    failing = check("(function(a) a / 0)(1)", {}).bind({})
    for _ in range(100):
        with pytest.raises(FeelError):
            failing([])
    assert check("(function(a) a)(1)", {}).bind({})([]) == 1


def test_the_longest_formula_is_still_quick() -> None:
    """A formula of the greatest length is refused or checked within a second."""
    began = time.monotonic()
    text = "[" + "1," * (LONGEST_FORMULA // 2 - 2) + "1]"
    assert len(check(text, {}).bind({})([])) > 30_000
    assert time.monotonic() - began < 3.0


def test_loops_take_time_by_their_length() -> None:
    """Ten times the rows take at most about ten times as long."""
    bound = check("count(for i in 1..n return i * 2)", {"n": check("1", {}).type}).bind({"n": 0})

    def seconds(rows: int) -> float:
        best = math.inf
        for _ in range(3):
            began = time.perf_counter()
            bound([decimal.Decimal(rows)])
            best = min(best, time.perf_counter() - began)
        return best

    assert seconds(100_000) < 30 * seconds(10_000)
