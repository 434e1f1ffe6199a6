"""Functions on ranges and points: Allen's interval relations, and ranges read from text."""

import re
from collections.abc import Callable
from typing import Final

from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.signature import BuiltIn, Signature, takes
from microflow_runtime.feel.lexer import unquote
from microflow_runtime.feel.numbers import parse_number
from microflow_runtime.feel.operations import in_range, make_range
from microflow_runtime.feel.temporal_parse import (
    parse_date,
    parse_date_time,
    parse_duration,
    parse_temporal,
    parse_time,
)
from microflow_runtime.feel.types import (
    ANY_RANGE,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DAYS_DURATION,
    MONTHS_DURATION,
    NUMBER,
    STRING,
    TIME,
)
from microflow_runtime.feel.values import RangeValue, Value, type_word

_LITERAL: Final = r'(?:@?"(?:[^"\\]|\\.)*"|-?[0-9.]+(?:[eE][+-]?[0-9]+)?|(?:date and time|date|time|duration)\s*\(\s*"(?:[^"\\]|\\.)*"\s*\))'
_RANGE_TEXT: Final = re.compile(rf"\s*([\[\](])\s*({_LITERAL})?\s*\.\.\s*({_LITERAL})?\s*([\[\])])\s*\Z", re.DOTALL)
_FROM_TEXT: Final = {
    "date and time": parse_date_time,
    "date": parse_date,
    "time": parse_time,
    "duration": parse_duration,
}


def read_range(text: str) -> RangeValue:
    """Read a range whose ends are constants. Nothing in the text is evaluated."""
    found = _RANGE_TEXT.match(text.replace("...", "?")) if len(text) <= 1000 else None
    if found is None or (found[2] is None and found[3] is None):
        raise Failure(
            f'{text[:60]!r} is not a range of constants; one is written [1..10], (1..10) or [@"2025-01-01"..@"2025-12-31"]'
        )
    try:
        low, high = _constant(found[2]), _constant(found[3])
    except ValueError as error:
        raise Failure(str(error)) from error
    if (low is None and found[1] == "[") or (high is None and found[4] == "]"):
        raise Failure("an end that is left out is not part of the range: write ( or ) beside it")
    made = make_range(low, high, found[1] == "[", found[4] == "]")
    if low is None or high is None:
        made.operator = ">" if high is None else "<"
        if (high is None and made.low_included) or (low is None and made.high_included):
            made.operator += "="
    elif high < low:
        raise Failure("a range goes from the smaller value to the larger")
    return made


def _constant(text: str | None) -> Value:
    if text is None:
        return None
    if text.startswith("@"):
        return parse_temporal(unquote(text[1:]))
    if text.startswith('"'):
        return unquote(text)
    if text.endswith(")"):
        name, _, rest = text.partition("(")
        return _FROM_TEXT[name.strip()](unquote(rest[:-1].strip()))
    return parse_number(text)


def _ends(*ranges: RangeValue) -> None:
    """Make sure that ranges have both ends and are of one kind."""
    for span in ranges:
        if span.low is None or span.high is None:
            raise Failure("a range without an end cannot be compared")
    if any(type(span.low) is not type(ranges[0].low) for span in ranges):
        raise Failure(f"ranges of {type_word(ranges[0].low)} and {type_word(ranges[1].low)} cannot be compared")


def _same_kind(point: Value, span: RangeValue) -> None:
    _ends(span)
    if type(point) is not type(span.low):
        raise Failure(f"{type_word(point)} cannot be compared with a range of {type_word(span.low)}")


def before(first: Value, second: Value) -> bool:
    """Tell whether the first ends before the second begins."""
    a, b = type(first) is RangeValue, type(second) is RangeValue
    if a and b:
        _ends(first, second)
        return bool(
            first.high < second.low or (first.high == second.low and not (first.high_included and second.low_included))
        )
    if a:
        _same_kind(second, first)
        return bool(first.high < second or (first.high == second and not first.high_included))
    if b:
        _same_kind(first, second)
        return bool(first < second.low or (first == second.low and not second.low_included))
    if type(first) is not type(second):
        raise Failure(f"{type_word(first)} and {type_word(second)} cannot be compared")
    return bool(first < second)


def after(first: Value, second: Value) -> bool:
    """Tell whether the first begins after the second ends."""
    return before(second, first)


def meets(first: RangeValue, second: RangeValue) -> bool:
    """Tell whether the first ends with the very point the second begins with."""
    _ends(first, second)
    return first.high_included and second.low_included and bool(first.high == second.low)


def met_by(first: RangeValue, second: RangeValue) -> bool:
    """Tell whether the second meets the first."""
    return meets(second, first)


def overlaps(first: RangeValue, second: RangeValue) -> bool:
    """Tell whether the two have a point in common."""
    return not before(first, second) and not before(second, first)


def _low_key(span: RangeValue) -> tuple[Value, bool]:
    return (span.low, not span.low_included)


def _high_key(span: RangeValue) -> tuple[Value, bool]:
    return (span.high, span.high_included)


def overlaps_before(first: RangeValue, second: RangeValue) -> bool:
    """Tell whether the two overlap, and the first begins and ends no later than the second."""
    return overlaps(first, second) and _low_key(first) < _low_key(second) and _high_key(first) <= _high_key(second)


def overlaps_after(first: RangeValue, second: RangeValue) -> bool:
    """Tell whether the two overlap, and the first begins and ends no earlier than the second."""
    return overlaps(first, second) and _high_key(first) > _high_key(second) and _low_key(first) >= _low_key(second)


def includes(span: RangeValue, other: Value) -> bool:
    """Tell whether a range holds a point, or the whole of another range."""
    if type(other) is not RangeValue:
        _same_kind(other, span)
        return in_range(other, span) is True
    _ends(span, other)
    return _low_key(span) <= _low_key(other) and _high_key(other) <= _high_key(span)


def during(first: Value, second: RangeValue) -> bool:
    """Tell whether the second includes the first."""
    return includes(second, first)


def finishes(first: Value, second: RangeValue) -> bool:
    """Tell whether the first ends where the second ends, and lies within it."""
    if type(first) is not RangeValue:
        _same_kind(first, second)
        return second.high_included and bool(second.high == first)
    _ends(first, second)
    return _high_key(first) == _high_key(second) and _low_key(first) >= _low_key(second)


def finished_by(first: RangeValue, second: Value) -> bool:
    """Tell whether the second finishes the first."""
    return finishes(second, first)


def starts(first: Value, second: RangeValue) -> bool:
    """Tell whether the first begins where the second begins, and lies within it."""
    if type(first) is not RangeValue:
        _same_kind(first, second)
        return second.low_included and bool(second.low == first)
    _ends(first, second)
    return _low_key(first) == _low_key(second) and _high_key(first) <= _high_key(second)


def started_by(first: RangeValue, second: Value) -> bool:
    """Tell whether the second starts the first."""
    return starts(second, first)


def coincides(first: Value, second: Value) -> bool:
    """Tell whether the two are the same point or the same range."""
    if type(first) is RangeValue and type(second) is RangeValue:
        _ends(first, second)
        return _low_key(first) == _low_key(second) and _high_key(first) == _high_key(second)
    if type(first) is not type(second):
        raise Failure(f"{type_word(first)} and {type_word(second)} cannot be compared")
    return bool(first == second)


_POINTS: Final = (NUMBER, STRING, DATE, TIME, DATE_TIME, DAYS_DURATION, MONTHS_DURATION)


def _relation(
    name: str, summary: str, call: Callable[[Value, Value], bool], forms: str, *examples: tuple[str, str]
) -> BuiltIn:
    """Declare a relation; each form is two letters, `p` a point and `r` a range."""
    signatures = []
    for form in forms.split():
        first = (
            takes("range1" if form == "rr" else "range", ANY_RANGE)
            if form[0] == "r"
            else takes("point1" if form == "pp" else "point", *_POINTS)
        )
        second = (
            takes("range2" if form == "rr" else "range", ANY_RANGE)
            if form[1] == "r"
            else takes("point2" if form == "pp" else "point", *_POINTS)
        )
        signatures.append(Signature((first, second), BOOLEAN, call))
    return BuiltIn(name, summary, tuple(signatures), examples)


RANGES: Final = (
    BuiltIn(
        "range", "Reads a range from text; its ends are constants.", (Signature((takes("from", STRING),), ANY_RANGE, read_range),),
        (('range("[18..21)")', "[18..21)"), ('2 in range("[1..3]")', "true")),
    ),
    _relation("before", "Tells whether the first ends before the second begins.", before, "pp pr rp rr", ("before(1, 10)", "true"), ("before([1..5), [5..10])", "true")),
    _relation("after", "Tells whether the first begins after the second ends.", after, "pp pr rp rr", ("after(10, 1)", "true"), ("after([5..10], [1..5))", "true")),
    _relation("meets", "Tells whether the first ends with the point the second begins with.", meets, "rr", ("meets([1..5], [5..10])", "true"), ("meets([1..5), [5..10])", "false")),
    _relation("met by", "Tells whether the second meets the first.", met_by, "rr", ("met by([5..10], [1..5])", "true")),
    _relation("overlaps", "Tells whether the two have a point in common.", overlaps, "rr", ("overlaps([1..5], [3..8])", "true"), ("overlaps([1..5), [5..8])", "false")),
    _relation("overlaps before", "Tells whether the first begins before the second and ends within it.", overlaps_before, "rr", ("overlaps before([1..5], [3..8])", "true")),
    _relation("overlaps after", "Tells whether the first begins within the second and ends after it.", overlaps_after, "rr", ("overlaps after([3..8], [1..5])", "true")),
    _relation("finishes", "Tells whether the first ends where the second ends.", finishes, "pr rr", ("finishes(10, [1..10])", "true"), ("finishes([5..10], [1..10])", "true")),
    _relation("finished by", "Tells whether the second finishes the first.", finished_by, "rp rr", ("finished by([1..10], 10)", "true")),
    _relation("includes", "Tells whether the first holds the second.", includes, "rp rr", ("includes([1..10], 5)", "true"), ("includes([1..10], [4..6])", "true")),
    _relation("during", "Tells whether the second holds the first.", during, "pr rr", ("during(5, [1..10])", "true"), ("during([4..6], [1..10])", "true")),
    _relation("starts", "Tells whether the first begins where the second begins.", starts, "pr rr", ("starts(1, [1..10])", "true"), ("starts([1..5], [1..10])", "true")),
    _relation("started by", "Tells whether the second starts the first.", started_by, "rp rr", ("started by([1..10], 1)", "true")),
    _relation("coincides", "Tells whether the two are the same point or range.", coincides, "pp rr", ("coincides(5, 5)", "true"), ("coincides([1..5], [1..5])", "true")),
)  # fmt: skip
