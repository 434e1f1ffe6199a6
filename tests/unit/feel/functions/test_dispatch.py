"""Calling built-in functions with values whose types are not known beforehand."""

from decimal import Decimal

import pytest

from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.dispatch import dispatcher
from microflow_runtime.feel.functions.table import BUILT_INS

ONE, TWO = Decimal(1), Decimal(2)


def call(name: str, *arguments: object, names: tuple[str, ...] | None = None) -> object:
    """Call a function."""
    return dispatcher(BUILT_INS[name], names)(*arguments)


def test_the_signature_is_found_by_number_and_type() -> None:
    """A list and several arguments are two forms of one function."""
    assert call("max", [ONE, TWO]) == call("max", ONE, TWO) == TWO
    assert str(call("date", Decimal(2025), ONE, TWO)) == "2025-01-02"


def test_one_item_and_its_list_stand_for_each_other() -> None:
    """A list of one is taken for its item, and one value for a list of it, as the standard says."""
    assert call("abs", [Decimal(-1)]) == ONE
    assert call("count", "a") == ONE


def test_null_makes_null_unless_the_function_takes_it() -> None:
    """A missing argument is no error."""
    assert call("abs", None) is None
    assert call("list contains", [None], None) is True
    assert call("string join", ["a", "b"], None) == "ab"


def test_arguments_by_name_come_in_any_order() -> None:
    """Names are put into the order of the parameters."""
    assert call("substring", TWO, "abc", names=("start position", "string")) == "bc"


@pytest.mark.parametrize(
    ("name", "arguments", "names", "message"),
    [
        ("abs", (), None, "`abs` is called `abs(n)`, not with 0 arguments"),
        ("abs", ("a",), None, "`n` of `abs` has to be number"),
        ("substring", ("a", ONE), ("string", "start"), "not with the names string, start"),
        ("abs", (ONE, ONE), ("n", "n"), "not with the names n, n"),
        ("count", (), None, "`count` is called `count(list)`, not with 0 arguments"),
    ],
)
def test_a_wrong_call_says_how_it_is_called(
    name: str, arguments: tuple[object, ...], names: tuple[str, ...] | None, message: str
) -> None:
    """The failure names the function and its forms."""
    with pytest.raises(Failure) as caught:
        call(name, *arguments, names=names)
    assert message in str(caught.value)
