"""Rewrites the vendor's spellings in definition files, as `&&` to `and`; every other byte stays as it is.

A fault of a formula that knows its replacement is mended in the text of the file, inside whatever quotes or block the
formula stands in. An edit that would change anything but that one formula is not made.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.reading import KeyPath, Mark, Marks, Unreadable, compose, index_in_text, width_in_text
from microflow_runtime.errors import Fault

MAX_ROUNDS: Final = 100
"""How often files are checked and mended: a `!` inside a `!` takes a round each, and formulas nest no deeper."""

_FORMULA_CODES: Final = "MF-F"
_NOT: Final = "not("
_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Change(msgspec.Struct, frozen=True):
    """One spelling that was rewritten, at its place before the rewriting."""

    file: str
    line: int
    column: int
    before: str
    after: str


class _Piece(msgspec.Struct, frozen=True):
    """What to put for the characters `start:end` of a formula."""

    start: int
    end: int
    put: str


def is_mendable(fault: Fault) -> bool:
    """Tell whether a fault says exactly what to write: those of formulas do; the nearest name of a key is a guess."""
    return fault.replacement is not None and fault.place is not None and fault.code.startswith(_FORMULA_CODES)


def mend(faults: Sequence[Fault]) -> tuple[Change, ...]:
    """Rewrite in their files what these faults tell, as far as one round goes; give what was changed.

    Where one lies inside another only the inner is mended: check again, and mend the rest. Raises OSError when a file
    cannot be read or written.
    """
    by_file: dict[str, list[Fault]] = {}
    for fault in filter(is_mendable, faults):
        assert fault.place is not None
        by_file.setdefault(fault.place.file, []).append(fault)
    return tuple(change for file, found in by_file.items() for change in _mend_file(Path(file), found))


def _mend_file(path: Path, faults: list[Fault]) -> list[Change]:
    content = path.read_bytes()
    mark = _BYTE_ORDER_MARK if content.startswith(_BYTE_ORDER_MARK) else b""
    text, changes = mend_text(content.decode("utf-8-sig"), faults)
    if changes:
        path.write_bytes(mark + text.encode())
    return changes


def mend_text(text: str, faults: Sequence[Fault]) -> tuple[str, list[Change]]:
    """Rewrite in the text of one file what these faults of it tell; give the text, and what was changed in its order.

    It is done from the end, so that what is still to do keeps its place.
    """
    starts = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
    placed = [
        (starts[fault.place.line - 1] + fault.place.column - 1, fault)
        for fault in faults
        if fault.place and fault.place.line <= len(starts)
    ]
    changes: list[Change] = []
    for start, fault in sorted(placed, key=lambda each: each[0], reverse=True):
        mended = _mended(text, start, fault)
        if mended is not None and fault.place is not None:
            text, before, after = mended
            changes.append(Change(fault.place.file, fault.place.line, fault.place.column, before, after))
    return text, changes[::-1]


def _mended(text: str, start: int, fault: Fault) -> tuple[str, str, str] | None:
    """Give the text with one fault mended, and the spelling before and after; None where that cannot be done."""
    found = _scalar_at(text, start)
    if found is None:
        return None
    path, value, mark = found
    first = bisect_left(range(len(value)), start, key=lambda offset: index_in_text(text, mark, value, offset))
    pieces = _pieces(value, first, fault)
    if not pieces:
        return None
    edited, wanted = text, value
    for piece in reversed(pieces):
        begin, end = _index(text, mark, value, piece.start), _index(text, mark, value, piece.end)
        edited = edited[:begin] + piece.put + edited[end:]
        wanted = wanted[: piece.start] + piece.put + wanted[piece.end :]
    if not _differs_only(text, edited, path, wanted):
        return None
    last = pieces[-1].end
    return edited, value[first:last], wanted[first : last + len(wanted) - len(value)]


def _pieces(value: str, first: int, fault: Fault) -> list[_Piece]:
    """Give what to put where in a formula to mend a fault that begins at `first`; nothing when it stands there no more.

    The operand of `!` is left as it is written: only what comes before and behind it changes.
    """
    replacement = fault.replacement or ""
    if fault.found != "!":
        spelling = fault.found or value[first : first + 1]
        return [_Piece(first, first + len(spelling), replacement)] if value.startswith(spelling, first) else []
    operand = len(value) - len(value[first + 1 :].lstrip())
    inner = replacement.removeprefix(_NOT).removesuffix(")")
    if not value.startswith("!", first):
        return []
    if value.startswith(f"({inner})", operand):
        return [_Piece(first, operand + 1, _NOT)]
    if value.startswith(inner, operand):
        end = operand + len(inner)
        return [_Piece(first, operand, _NOT), _Piece(end, end, ")")]
    return []


def _index(text: str, mark: Mark, value: str, offset: int) -> int:
    """Give where in the text an offset stands: right behind the character before it, where that is none of white space."""
    if offset and value[offset - 1].strip():
        before = index_in_text(text, mark, value, offset - 1)
        return before + width_in_text(text, before, mark.style)
    return index_in_text(text, mark, value, offset)


def _scalar_at(text: str, index: int) -> tuple[KeyPath, str, Mark] | None:
    """Find the text value that a character of the file belongs to; None where there is none."""
    marks = Marks({}, {})
    try:
        value = _read(text, marks)
    except Unreadable:
        return None
    inside = [(mark.start, path, mark) for path, mark in marks.values.items() if mark.start <= index < mark.end]
    if not inside:
        return None
    _, path, mark = max(inside, key=lambda each: each[0])
    for part in path:
        value = value[part]
    return (path, value, mark) if isinstance(value, str) else None


def _differs_only(text: str, edited: str, path: KeyPath, wanted: str) -> bool:
    """Tell whether the edited text says the same as the text, but `wanted` at the path."""
    try:
        before, after = _read(text), _read(edited)
    except Unreadable:
        return False
    owner = before
    for part in path[:-1]:
        owner = owner[part]
    owner[path[-1]] = wanted
    return bool(before == after)


def _read(text: str, marks: Marks | None = None) -> Any:
    return compose(text, _silent, marks)


def _silent(code: str, message: str, start: int, end: int, help: str = "") -> None:  # noqa: A002
    """Take no notice: what is wrong with the file has been told by the check."""
