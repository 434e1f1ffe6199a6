"""The page of the benchmarks."""

from bench.figures import Figure, Section, Table
from bench.report import missed, page

_MET = Figure(name="quick", value=3.2, unit="x", at_least=3.0)
_MISSED = Figure(name="small", value=1.5, unit="x", at_most=1.4)
_SECTION = Section(
    title="One call", about="What was done.", figures=(_MET, _MISSED), tables=(Table(("a", "b|c"), (("1", "2"),)),)
)


def test_page_shows_machine_targets_and_figures() -> None:
    """The page names the machine, and of each target whether it is met."""
    text = page([_SECTION], [("Processor", "some, 2 CPUs")])
    assert "| Processor | some, 2 CPUs |" in text
    assert "| quick | 3.20 x | at least 3.00 x | yes |" in text
    assert "| small | 1.50 x | at most 1.40 x | **no** |" in text
    assert "| a | b\\|c |\n| --- | --- |\n| 1 | 2 |" in text


def test_missed_targets_are_given() -> None:
    """What misses its target is told apart, so that the command can fail."""
    assert missed([_SECTION]) == [_MISSED]
