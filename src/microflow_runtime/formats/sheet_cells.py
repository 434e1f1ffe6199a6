"""Cells of a sheet: from what a workbook keeps to a text, truth value, number, date, time or span of time."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.formats.workbook import Style, text_of, unescaped

_MILLISECONDS_OF_A_DAY: Final = 86_400_000
_LAST_SERIAL: Final = 2_958_466
"""The day after 9999-12-31, counted from 1900."""
_NEVER: Final = 60
"""The serial of 1900-02-29, which spreadsheets count and which never was."""
_MOST_CHARACTERS: Final = 330
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_EXACT_DIGITS: Final = 15
"""So many digits of a number a double always keeps."""


class BadCell:
    """A cell that holds no value. Nothing is wrong until a field is read from it, which then is told as its `misfit`."""

    __slots__ = ("misfit",)

    def __init__(self, misfit: Misfit) -> None:
        self.misfit = misfit


class CellReader:
    """Reads the cells of one workbook."""

    def __init__(self, texts: list[str], styles: list[Style], *, has_1904_dates: bool) -> None:
        self._texts = texts
        self._styles = styles
        self._is_date = [style.is_date for style in styles]
        self._has_1904_dates = has_1904_dates

    def value(self, kind: str | None, style: int, text: str | None, inline: Any) -> Any:
        """Return the value of a cell: `kind` is what it says it is, `text` what it holds, `inline` an element with its text.

        Raises Misfit when it holds what it says it does not, or a day that never was.
        """
        if kind is not None and kind != "n":
            if kind == "s":
                return None if text is None else self._shared(text)
            if kind == "inlineStr":
                return None if inline is None else text_of(inline)
            return None if text is None else _OTHERS[kind](text) if kind in _OTHERS else text
        if text is None:
            return None
        number = _number(text)
        if style < len(self._is_date) and self._is_date[style]:
            return self._moment(number, is_elapsed=self._styles[style].is_elapsed)
        return number

    def _shared(self, text: str) -> str:
        number = int(text) if text.strip().isdigit() else -1
        if not 0 <= number < len(self._texts):
            raise Misfit("the number of a text", f"{text[:20]}, and there are {len(self._texts)}")
        return self._texts[number]

    def _moment(self, serial: Decimal, *, is_elapsed: bool) -> Any:
        """Return the date, time or span that a number stands for, to the millisecond."""
        if not -_LAST_SERIAL < serial < _LAST_SERIAL:
            raise Misfit("a date", f"the number {serial}, which is none")
        milliseconds = round(Fraction(serial) * _MILLISECONDS_OF_A_DAY)
        if is_elapsed:
            return dt.timedelta(milliseconds=milliseconds)
        days, rest = divmod(milliseconds, _MILLISECONDS_OF_A_DAY)
        if days < 0:
            raise Misfit("a date", f"the number {serial}, which is none")
        time = dt.timedelta(milliseconds=rest)
        if self._has_1904_dates:
            return dt.datetime(1904, 1, 1) + dt.timedelta(days) + time  # noqa: DTZ001 - a spreadsheet knows no zones
        if not days:
            return (dt.datetime(1900, 1, 1) + time).time()  # noqa: DTZ001 - as above
        if days == _NEVER:
            raise Misfit("a date", "1900-02-29, a day that never was")
        base = dt.datetime(1899, 12, 31 if days < _NEVER else 30)  # noqa: DTZ001 - as above
        return base + dt.timedelta(days) + time


def _number(text: str) -> Decimal:
    """Return a number as it was meant: of one with more digits than a double keeps, the shortest that means the same double."""
    plain = text.strip()
    if len(plain) > _MOST_CHARACTERS or not _NUMBER.fullmatch(plain):
        raise Misfit("a number", f"{plain[:40]!r}")
    if len(plain) <= _EXACT_DIGITS or plain.lstrip("-").isdigit():
        return Decimal(plain)
    exact = Decimal(plain)
    return exact if len(exact.as_tuple().digits) <= _EXACT_DIGITS else Decimal(repr(float(plain)))


def _iso(text: str) -> Any:
    """Return the date or time of a cell that holds it as a text; other texts as they stand."""
    for read in (dt.date.fromisoformat, dt.datetime.fromisoformat, dt.time.fromisoformat):
        try:
            found = read(text)
        except ValueError:
            continue
        return dt.datetime.combine(found, dt.time()) if type(found) is dt.date else found
    return text


_OTHERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "str": unescaped,
    "e": lambda text: BadCell(Misfit("a value", f"the error {text[:20]} of a formula")),
    "b": lambda text: text.strip() in {"1", "true"},
    "d": lambda text: _iso(text.strip()),
}
"""How the text of a cell is read that says what it is."""
