"""What a benchmark gives back: figures, some with a target, and tables that show how they came about."""

import math
import statistics
from collections.abc import Iterable, Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured number. `at_least` and `at_most` are targets; a figure has one of them or none."""

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_met(self) -> bool:
        """True when the figure has no target or reaches it."""
        if self.at_least is not None and self.value < self.at_least:
            return False
        return self.at_most is None or self.value <= self.at_most

    @property
    def target(self) -> str:
        """Give the target as text, `""` when there is none."""
        if self.at_least is not None:
            return f"at least {shown(self.at_least, self.unit)}"
        return f"at most {shown(self.at_most, self.unit)}" if self.at_most is not None else ""


class Table(msgspec.Struct, frozen=True):
    """Rows of text under a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one benchmark. `about` says what was done, in sentences."""

    title: str
    about: str
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...] = ()


def shown(value: float, unit: str = "") -> str:
    """Give a number with three digits that count, and its unit."""
    if value == 0 or not math.isfinite(value):
        text = f"{value:g}"
    else:
        digits = max(0, 2 - math.floor(math.log10(abs(value))))
        text = f"{value:,.{digits}f}"
    return f"{text} {unit}" if unit else text


def percentile(values: Iterable[float], share: float) -> float:
    """Give the smallest value that at least `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median_of_ratios(above: Sequence[float], below: Sequence[float]) -> float:
    """Give the median of the ratios of each round, so that a slow moment of the machine weighs on both sides alike."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def spread(values: Iterable[float], unit: str = "") -> str:
    """Give the median and, in brackets, the smallest and the largest value."""
    ordered = sorted(values)
    return f"{shown(statistics.median(ordered), unit)} ({shown(ordered[0])} to {shown(ordered[-1])})"
