"""Functions that draw one value from many, and the types that they promise."""

import pytest

from microflow_runtime.feel import (
    ANY,
    DATE,
    DATE_TIME,
    DAYS_DURATION,
    DURATION,
    MONTHS_DURATION,
    NUMBER,
    STRING,
    TIME,
    FormulaFaults,
    ListType,
    Type,
    check,
    optional,
    parse_duration,
)

KINDS = (NUMBER, STRING, DATE, TIME, DATE_TIME, DAYS_DURATION, MONTHS_DURATION, DURATION)


@pytest.mark.parametrize("name", ["min", "max"])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_smallest_and_largest_have_the_type_of_the_items(name: str, kind: Type) -> None:
    """Of arguments that are there the result is there; of a list, or of an argument that may be missing, it may be missing."""
    scope = {"a": kind, "b": kind, "p": optional(kind), "l": ListType(kind), "o": ListType(optional(kind))}
    wanted = {
        f"{name}(a, b)": kind,
        f"{name}(a, p)": optional(kind),
        f"{name}(l)": optional(kind),
        f"{name}(o)": optional(kind),
    }
    assert {text: check(text, scope).type for text in wanted} == wanted


def test_arguments_of_two_kinds_are_told_before_they_meet() -> None:
    """The first argument says what the others have to be; what is not known may be anything."""
    with pytest.raises(FormulaFaults) as caught:
        check("max(a, null, c, b)", {"a": DATE, "b": DATE_TIME, "c": ANY})
    assert caught.value.faults[0].message == "`c` of `max` has to be date, not date and time"


def test_durations_of_a_kind_that_is_not_declared_are_compared() -> None:
    """A field of the type duration holds either kind; two of one kind have an order."""
    spans = [parse_duration("PT3H"), parse_duration("PT1H")]
    assert check("min(spans)", {"spans": ListType(DURATION)}).bind({"spans": 0})([spans]) == spans[1]
    assert check("sum(spans)", {"spans": ListType(DURATION)}).bind({"spans": 0})([spans]) == parse_duration("PT4H")
