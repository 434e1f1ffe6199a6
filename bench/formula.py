"""Compares a compiled formula with the same written by hand in Python, and shows that work on lists grows with their length."""

import decimal
import gc
import statistics
import time
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from bench.figures import Figure, Section, Table, shown, spread
from microflow_runtime.feel import NUMBER, NUMBER_CONTEXT, STRING, ContextType, ListType, check, optional

TEXT: Final = 'if amount > limit * 1.5 and status = "A" then round half up(amount * rate, 2) else 0'
NAMES: Final = ("amount", "limit", "status", "rate")
FRAMES: Final = (
    [Decimal("1250.75"), Decimal(500), "A", Decimal("1.07")],
    [Decimal("1250.75"), Decimal(500), "B", Decimal("1.07")],
    [Decimal("480.20"), Decimal(500), "A", Decimal("1.07")],
    [None, Decimal(500), "A", Decimal("1.07")],
    [Decimal("99999.99"), Decimal("1.5"), "A", Decimal("0.9975")],
)
_LARGE: Final = 10_000
_SMALL: Final = _LARGE // 4
_LIST_FORMULAS: Final = {
    "filter": "Rows[amount > 500 and code != null]",
    "loop": "for row in Rows return row.amount * 2",
    "some": "some row in Rows satisfies row.amount < 0",
    "sum": "sum(Rows.amount)",
}
_ROW: Final = ContextType("Row", (("amount", NUMBER), ("code", optional(STRING))))
_FACTOR: Final = Decimal("1.5")
_CENT: Final = Decimal("0.01")
_ZERO: Final = Decimal(0)

Compiled = Callable[[Sequence[Any]], Any]


def run(*, turns: int) -> Section:
    """Measure in `turns` turns, both sides in each."""
    decimal.setcontext(NUMBER_CONTEXT.copy())
    scope = {name: optional(STRING if name == "status" else NUMBER) for name in NAMES}
    layout = {name: place for place, name in enumerate(NAMES)}
    formula = check(TEXT, scope).bind(layout)
    for frame in FRAMES:
        if formula(frame) != by_hand(frame):
            message = f"the formula gives {formula(frame)} and the hand-written code {by_hand(frame)} for {frame}"
            raise RuntimeError(message)
    ours, hand, compiling = [], [], []
    gc.disable()
    try:
        for turn in range(turns):
            ours.append(_microseconds(formula, FRAMES))
            hand.append(_microseconds(by_hand, FRAMES))
            compiling.append(_compile_milliseconds(scope, layout, turn))
        growth = {name: _growth(text, turns) for name, text in _LIST_FORMULAS.items()}
    finally:
        gc.enable()
    ratio = statistics.median(ours) / statistics.median(hand)
    return Section(
        title="Formulas",
        about=(
            f"`{TEXT}` over four values that may be missing, compiled, against the same written by hand in Python with "
            f"`Decimal` and checks for null, in turns over the same five inputs. Parsing, checking and compiling is "
            f"measured with a new text each time. Lists: the time for {_LARGE:,} rows over that for {_SMALL:,}; work "
            f"that grows with the length gives 4."
        ),
        figures=(
            Figure(name="formula over hand-written Python", value=ratio, unit="x", at_most=1.5),
            Figure(
                name="parse, check and compile a formula", value=statistics.median(compiling), unit="ms", at_most=1.5
            ),
            *(
                Figure(name=f"{name}: {_LARGE:,} rows over {_SMALL:,}", value=large / small, unit="x", at_most=5.0)
                for name, (small, large) in growth.items()
            ),
        ),
        tables=(
            Table(("one evaluation", "time"), (("compiled", spread(ours, "us")), ("by hand", spread(hand, "us")))),
            Table(
                ("list formula", f"{_SMALL:,} rows", f"{_LARGE:,} rows"),
                tuple(
                    (f"`{_LIST_FORMULAS[name]}`", shown(small, "ms"), shown(large, "ms"))
                    for name, (small, large) in growth.items()
                ),
            ),
        ),
    )


def by_hand(frame: Sequence[Any]) -> Decimal | None:
    """Compute the same as the formula, as a careful developer would write it: null in, null through the operators."""
    amount, limit, status, rate = frame
    if amount is not None and limit is not None and amount > limit * _FACTOR and status == "A":
        if rate is None:
            return None
        product: Decimal = amount * rate
        return product.quantize(_CENT, ROUND_HALF_UP)
    return _ZERO


def _microseconds(function: Compiled, frames: Sequence[Sequence[Any]]) -> float:
    """Give the microseconds of one evaluation, the best of three goes."""
    times = 20_000
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(times):
            for frame in frames:
                function(frame)
        best = min(best, time.perf_counter() - began)
    return best / times / len(frames) * 1e6


def _compile_milliseconds(scope: dict[str, Any], layout: dict[str, int], turn: int) -> float:
    """Give the milliseconds of one formula, the mean over forty texts that nobody has compiled before."""
    texts = [TEXT.replace("1.5", f"1.5{turn}{number:02d}") for number in range(40)]
    began = time.perf_counter()
    for text in texts:
        check(text, scope).bind(layout)
    return (time.perf_counter() - began) / len(texts) * 1000


def _growth(text: str, turns: int) -> tuple[float, float]:
    """Give the milliseconds for a quarter of the rows and for all of them, the best of all turns."""
    formula = check(text, {"Rows": ListType(_ROW)}).bind({"Rows": 0})
    small, large = _rows(_SMALL), _rows(_LARGE)
    best_small = best_large = float("inf")
    for _ in range(turns):
        best_small = min(best_small, _milliseconds(formula, small))
        best_large = min(best_large, _milliseconds(formula, large))
    return best_small, best_large


def _milliseconds(formula: Compiled, rows: list[dict[str, Any]]) -> float:
    began = time.perf_counter()
    formula([rows])
    return (time.perf_counter() - began) * 1000


def _rows(count: int) -> list[dict[str, Any]]:
    return [{"amount": Decimal(number), "code": None if number % 3 == 0 else f"C{number}"} for number in range(count)]
