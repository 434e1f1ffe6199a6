"""Functions on numbers."""

from collections.abc import Callable, Sequence
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
    InvalidOperation,
)
from typing import Final

from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.signature import BuiltIn, Signature, may_take, takes
from microflow_runtime.feel.numbers import MAXIMUM_SCALE, MINIMUM_SCALE, ONE, ZERO, to_index
from microflow_runtime.feel.types import BOOLEAN, DAYS_DURATION, MONTHS_DURATION, NUMBER, Type, required
from microflow_runtime.feel.values import Value

_quantize: Final = Decimal.quantize


def rounded(value: Decimal, scale: Decimal, rounding: str) -> Decimal:
    """Round to so many digits after the point; a negative scale rounds to tens, hundreds and so on."""
    digits = to_index(scale)
    if not MINIMUM_SCALE <= digits <= MAXIMUM_SCALE:
        raise Failure(f"the scale has to lie between {MINIMUM_SCALE} and {MAXIMUM_SCALE}, not {scale:f}")
    try:
        return value.quantize(ONE.scaleb(-digits), rounding)
    except InvalidOperation:
        # More digits were asked for than a number holds: it has no more to round.
        return value


def rounder(digits: int, rounding: str) -> Callable[[Decimal], Decimal]:
    """Give the function that rounds to a scale known beforehand."""
    unit = ONE.scaleb(-digits)

    def round_it(value: Decimal) -> Decimal:
        try:
            return _quantize(value, unit, rounding)
        except InvalidOperation:
            return rounded(value, Decimal(digits), rounding)

    return round_it


ROUNDINGS: Final = {
    "decimal": ROUND_HALF_EVEN,
    "floor": ROUND_FLOOR,
    "ceiling": ROUND_CEILING,
    "round up": ROUND_UP,
    "round down": ROUND_DOWN,
    "round half up": ROUND_HALF_UP,
    "round half down": ROUND_HALF_DOWN,
}
"""The rounding functions, and how each rounds."""


def _rounding(rounding: str) -> Callable[..., Decimal]:
    return lambda value, scale=ZERO: rounded(value, scale, rounding)


def absolute(value: Value) -> Value:
    """Give a number or duration without its sign."""
    return abs(value)


def modulo(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Give the rest of a division, with the sign of the divisor."""
    if divisor.is_zero():
        raise Failure("division by zero in modulo")
    rest = dividend % divisor
    return rest + divisor if rest and (rest < 0) != (divisor < 0) else rest


def square_root(value: Decimal) -> Decimal:
    """Give the root of a number that is not negative."""
    if value < 0:
        raise Failure(f"the number {value:f} has no square root")
    return value.sqrt()


def logarithm(value: Decimal) -> Decimal:
    """Give the natural logarithm of a positive number."""
    if value <= 0:
        raise Failure(f"the number {value:f} has no logarithm")
    return value.ln()


def exponential(value: Decimal) -> Decimal:
    """Give e to a power."""
    return value.exp()


def is_even(value: Decimal) -> bool:
    """Tell whether a number is whole and even."""
    return not value % 2


def is_odd(value: Decimal) -> bool:
    """Tell whether a number is whole and odd."""
    return abs(value % 2) == ONE


def _same(kinds: Sequence[Type]) -> Type:
    return required(kinds[0])


_N: Final = takes("n", NUMBER)
_SCALE: Final = takes("scale", NUMBER)


def _rounds(name: str, summary: str, examples: tuple[tuple[str, str], ...], *, scale: bool = True) -> BuiltIn:
    parameters = (_N, _SCALE if scale else may_take("scale", NUMBER))
    return BuiltIn(name, summary, (Signature(parameters, NUMBER, _rounding(ROUNDINGS[name])),), examples)


NUMERIC: Final = (
    _rounds("decimal", "Rounds to `scale` digits, a half to the even neighbour.", (("decimal(1/3, 2)", "0.33"), ("decimal(2.5, 0)", "2"))),
    _rounds("floor", "Rounds down, to whole numbers or to `scale` digits.", (("floor(1.5)", "1"), ("floor(-1.56, 1)", "-1.6")), scale=False),
    _rounds("ceiling", "Rounds up, to whole numbers or to `scale` digits.", (("ceiling(1.5)", "2"), ("ceiling(-1.56, 1)", "-1.5")), scale=False),
    _rounds("round up", "Rounds away from zero.", (("round up(5.5, 0)", "6"), ("round up(-1.121, 2)", "-1.13"))),
    _rounds("round down", "Rounds towards zero.", (("round down(5.5, 0)", "5"), ("round down(-1.126, 2)", "-1.12"))),
    _rounds("round half up", "Rounds to the nearest, a half away from zero.", (("round half up(2.345, 2)", "2.35"), ("round half up(-5.5, 0)", "-6"))),
    _rounds("round half down", "Rounds to the nearest, a half towards zero.", (("round half down(5.5, 0)", "5"), ("round half down(1.126, 2)", "1.13"))),
    BuiltIn(
        "abs", "Gives a number or duration without its sign.",
        (Signature((takes("n", NUMBER, DAYS_DURATION, MONTHS_DURATION),), _same, absolute),),
        (("abs(-10)", "10"), ('abs(@"-PT5H")', '@"PT5H"')),
    ),
    BuiltIn(
        "modulo", "Gives the rest of a division, with the sign of the divisor.",
        (Signature((takes("dividend", NUMBER), takes("divisor", NUMBER)), NUMBER, modulo),),
        (("modulo(12, 5)", "2"), ("modulo(-12, 5)", "3")),
    ),
    BuiltIn(
        "sqrt", "Gives the square root of a number that is not negative.",
        (Signature((takes("number", NUMBER),), NUMBER, square_root),), (("sqrt(16)", "4"),),
    ),
    BuiltIn(
        "log", "Gives the natural logarithm of a positive number.",
        (Signature((takes("number", NUMBER),), NUMBER, logarithm),), (("decimal(log(10), 4)", "2.3026"),),
    ),
    BuiltIn(
        "exp", "Gives e to the power of a number.",
        (Signature((takes("number", NUMBER),), NUMBER, exponential),), (("decimal(exp(5), 3)", "148.413"),),
    ),
    BuiltIn(
        "odd", "Tells whether a number is whole and odd.",
        (Signature((takes("number", NUMBER),), BOOLEAN, is_odd),), (("odd(5)", "true"), ("odd(2)", "false")),
    ),
    BuiltIn(
        "even", "Tells whether a number is whole and even.",
        (Signature((takes("number", NUMBER),), BOOLEAN, is_even),), (("even(5)", "false"), ("even(2)", "true")),
    ),
)  # fmt: skip
