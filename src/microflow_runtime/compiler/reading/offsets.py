"""From an offset inside a scalar's value to the character of the file that it came from."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

_ESCAPE: Final = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r\n|.)", re.DOTALL)
_BLANK_ESCAPE: Final = re.compile(r"\\([ntr \t\r\n]|x(20|09|0[aAdD])|u00(20|09|0[aAdD])|U000000(20|09|0[aAdD]))")
_BLANK: Final = " \t\r\n"


class Mark(msgspec.Struct, frozen=True):
    """Where a key or a value stands: indexes of characters in the text, `end` exclusive.

    `style` is that of a scalar: None when it is plain, else `'`, `"`, `|` or `>`.
    """

    start: int
    end: int
    style: str | None = None


def index_in_text(text: str, mark: Mark, value: str, offset: int) -> int:
    """Give the index in `text` of the character `value[offset]`, the value of the scalar at `mark`.

    Where the value does not stand in the file as it is, this rests on folding changing only white space: the other
    characters are in the same order in both, and are matched one by one. An offset beyond the value's last solid character gives the index after that character.
    """
    opening = mark.start + 1 if mark.style in ("'", '"') else mark.start
    if text.startswith(value, opening):
        return opening + min(offset, len(value))
    solid = [place for place, character in enumerate(value) if character not in _BLANK]
    position = mark.start
    for place, position in zip(solid, _solid_indexes(text, mark.start, mark.end, mark.style), strict=False):
        if place >= offset:
            return position - _blanks_before(text, position, value, place, place - offset)
    return position + 1


def _blanks_before(text: str, position: int, value: str, place: int, most: int) -> int:
    """Count the blanks, at most `most`, that stand alike before `text[position]` and `value[place]`."""
    count = 0
    while count < min(most, position) and text[position - count - 1] == value[place - count - 1]:
        count += 1
    return count


def _solid_indexes(text: str, start: int, end: int, style: str | None) -> Iterator[int]:
    """Give the index of each character of a scalar's source that is not white space in its value."""
    if style in ("|", ">"):
        newline = text.find("\n", start, end)
        start = end if newline < 0 else newline
    elif style in ("'", '"'):
        start, end = start + 1, end - 1
    index = start
    while index < end:
        is_escape = style == '"' and text[index] == "\\"
        if not _BLANK_ESCAPE.match(text, index) if is_escape else text[index] not in _BLANK:
            yield index
        index += width_in_text(text, index, style)


def width_in_text(text: str, index: int, style: str | None) -> int:
    """Count the characters of the file that stand for the one character of a scalar's value at `index`."""
    if style == '"' and (escape := _ESCAPE.match(text, index)):
        return len(escape.group())
    return 2 if style == "'" and text.startswith("''", index) else 1
