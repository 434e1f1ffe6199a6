"""The arithmetic of the figures."""

import pytest
from bench.figures import Figure, median_of_ratios, percentile, shown


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100), (0.0, 1)])
def test_percentile_is_a_value_that_was_seen(share: float, value: int) -> None:
    """A percentile is the smallest seen value that so large a share does not exceed."""
    assert percentile(range(100, 0, -1), share) == value


def test_ratios_are_taken_round_by_round() -> None:
    """A round in which the machine was slow for both sides does not move the ratio."""
    assert median_of_ratios([300, 30, 300], [100, 10, 100]) == 3


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (12345.6, "12,346"), (123.45, "123"), (12.345, "12.3"), (1.2345, "1.23"), (0.01234, "0.0123")],
)
def test_numbers_show_three_digits(value: float, text: str) -> None:
    """A figure shows the digits that it can be trusted with."""
    assert shown(value) == text


def test_figure_knows_whether_it_is_met() -> None:
    """A target is met at its bound, and a figure without a target always."""
    assert Figure(name="a", value=3.0, at_least=3.0).is_met
    assert not Figure(name="a", value=2.99, at_least=3.0).is_met
    assert Figure(name="a", value=1.4, at_most=1.4).is_met
    assert not Figure(name="a", value=1.41, at_most=1.4).is_met
    assert Figure(name="a", value=1e9).is_met
