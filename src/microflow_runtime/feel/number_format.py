"""Writes numbers by a pattern such as `#,##0.00`, as java.text.DecimalFormat and spreadsheets read it."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import Final

import msgspec

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure

_LONGEST: Final = 200
_AROUND: Final = r"((?:[^#0,.;'%‰]|'(?:[^']|'')*')*[%‰]?(?:[^#0,.;'%‰]|'(?:[^']|'')*')*)"
_PATTERN: Final = re.compile(rf"{_AROUND}([#,]*[0,]*)(?:(\.)(0*)(#*))?{_AROUND}(?:;{_AROUND}[#0,.]*{_AROUND})?\Z")
_QUOTED: Final = re.compile("'((?:[^']|'')*)'")
_WIDE: Final = Context(prec=8_000, Emax=999_999, Emin=-999_999, rounding=ROUND_HALF_EVEN)
"""Holds the largest number that JSON may bring, rounded to two hundred digits after the point."""


class NumberFormat(msgspec.Struct, frozen=True):
    """A pattern that was read. `shift` is 2 for per cent and 3 for per mille; `group` 0 for no groups."""

    before: str
    after: str
    negative: tuple[str, str]
    whole: int
    group: int
    least: int
    most: int
    shift: int


@lru_cache(maxsize=256)
def read_format(pattern: str) -> NumberFormat:
    """Read a pattern. Raises Failure when it is none."""
    found = _PATTERN.match(pattern) if len(pattern) <= _LONGEST else None
    if found is None or not (found[2] or found[4] or found[5]) or found[2].endswith(",") or found[2].startswith(","):
        raise Failure(
            f"{pattern[:60]!r} is not a pattern of numbers; one is written `0.00`, `#,##0.##` or `0%`, with text in single quotes"
        )
    before, whole, _, zeros, hashes, after, negative_before, negative_after = found.groups()
    zeros, hashes = zeros or "", hashes or ""
    around = _QUOTED.sub("", before + after)
    if around.count("%") + around.count("‰") > 1:
        raise Failure(f"the pattern {pattern[:60]!r} has more than one sign of per cent or per mille")
    plain = (_text(before), _text(after))
    negative = (
        ("-" + plain[0], plain[1]) if negative_before is None else (_text(negative_before), _text(negative_after))
    )
    group = len(whole) - whole.rindex(",") - 1 if "," in whole else 0
    least = max(whole.count("0"), 1 if whole else 0)
    return NumberFormat(
        *plain,
        negative,
        least,
        group,
        len(zeros),
        len(zeros) + len(hashes),
        2 if "%" in around else 3 if "‰" in around else 0,
    )


def _text(part: str) -> str:
    return _QUOTED.sub(lambda found: found[1].replace("''", "'") or "'", part)


def format_by(value: Decimal, pattern: str, grouping: str | None = None, point: str | None = None) -> str:
    """Write a number by a pattern, with a comma between groups and a point before the fraction unless others are given."""
    form = read_format(pattern)
    comma, dot = "," if grouping is None else grouping, "." if point is None else point
    for mark in (comma, dot):
        if len(mark) != 1 or mark.isdecimal() or mark == "-":
            raise Failure(f"a separator is one character and no digit, not {mark[:20]!r}")
    if comma == dot:
        raise Failure("the grouping separator and the decimal separator have to differ")
    rounded = _WIDE.quantize(_WIDE.scaleb(value, form.shift), Decimal(1).scaleb(-form.most))
    limits.spend_text(2 * max(rounded.adjusted(), 0) + len(pattern) + form.most)
    whole, _, fraction = format(abs(rounded), "f").partition(".")
    whole = whole.lstrip("0").rjust(form.whole, "0")
    kept = fraction.rstrip("0").ljust(form.least, "0")
    if form.group:
        head = len(whole) % form.group
        parts = [whole[:head]] * bool(head) + [
            whole[at : at + form.group] for at in range(head, len(whole), form.group)
        ]
        whole = comma.join(parts)
    digits = whole + (dot + kept if kept else "") or "0"
    before, after = form.negative if rounded < 0 else (form.before, form.after)
    return before + digits + after
