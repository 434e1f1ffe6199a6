"""Turns a pattern of XPath 3.1 into RE2's spelling, or into that of the engine that goes back."""

from collections.abc import Callable
from typing import Final

from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.patterns.blocks import BLOCKS
from microflow_runtime.feel.patterns.charsets import (
    CATEGORIES,
    LAST,
    NAME_PART,
    NAME_START,
    SPACE,
    Ranges,
    category_ranges,
    joined,
    others,
    without,
)

FLAGS: Final = "smixq"
_LITERAL_ESCAPES: Final = frozenset("\\|.?*+(){}-[]^$")
_CONTROL: Final = {"n": 10, "r": 13, "t": 9}
_SPACES: Final = frozenset(" \t\n\r")
_SPECIAL: Final = frozenset("\\.+*?()|[]{}^$")
_DIGITS: Final = frozenset("0123456789")
_WORD: Final = ("L", "M", "N", "S")
_NO_WORD: Final = ("P", "Z", "C")


Spelling = Callable[[int], str]


def spell_re2(number: int) -> str:
    """Write a character by its number, as RE2 reads it."""
    return f"\\x{{{number:X}}}"


def spell_long(number: int) -> str:
    """Write a character by its number, as Python reads it."""
    return f"\\U{number:08X}"


class _Set:
    """What a class or an escape stands for: categories by name, and ranges."""

    def __init__(self) -> None:
        self.categories: list[tuple[str, bool]] = []
        self.ranges: list[tuple[int, int]] = []

    def add(self, other: "_Set") -> None:
        self.categories += other.categories
        self.ranges += other.ranges

    def spelled(self, character: Spelling) -> str:
        """Write what stands between the engine's square brackets."""
        names = "".join(f"\\{'P' if turned else 'p'}{{{name}}}" for name, turned in self.categories)
        return names + spell(joined(tuple(self.ranges)), character)

    def as_ranges(self) -> Ranges:
        """Give all characters as ranges."""
        sets = (others(category_ranges(name)) if turned else category_ranges(name) for name, turned in self.categories)
        return joined(tuple(self.ranges), *sets)


def spell(ranges: Ranges, character: Spelling) -> str:
    """Write ranges as they stand between the engine's square brackets."""
    return "".join(
        character(first) if first == last else f"{character(first)}-{character(last)}" for first, last in ranges
    )


def without_blanks(pattern: str) -> str:
    """Take out the blanks that the flag `x` ignores: all but those in square brackets, also behind a backslash."""
    found: list[str] = []
    depth = 0
    is_escaped = False
    for character in pattern:
        if character in _SPACES and not depth:
            continue
        found.append(character)
        if is_escaped or character == "\\":
            is_escaped = not is_escaped
        elif character in "[]":
            depth = max(0, depth + (1 if character == "[" else -1))
    return "".join(found)


def _of_ranges(ranges: Ranges) -> _Set:
    found = _Set()
    found.ranges = list(ranges)
    return found


def _of_categories(*names: str, turned: bool = False) -> _Set:
    found = _Set()
    found.categories = [(name, turned) for name in names]
    return found


class Translation:
    """One pattern on its way: to RE2, or to the engine that `goes_back`.

    `refers_back` tells afterwards that RE2 cannot run it; what refers back is empty in RE2's spelling then, so that RE2 can
    tell whether the rest is right and small enough.
    """

    def __init__(self, pattern: str, flags: str, *, goes_back: bool = False) -> None:
        self.pattern = without_blanks(pattern) if "x" in flags else pattern
        self.at = 0
        self.dot_all = "s" in flags
        self.lines = "m" in flags
        self.groups = 0
        self.refers_back = False
        self._goes_back = goes_back
        self._character = spell_long if goes_back else spell_re2
        self._end = r"\Z" if goes_back else r"\z"
        self._open: list[int] = []
        self._closed: set[int] = set()

    def wrong(self, what: str) -> Failure:
        """Make the failure of a pattern that is none."""
        return Failure(
            f"the pattern {self.pattern[:60]!r} is wrong at character {min(self.at + 1, len(self.pattern))}: {what}"
        )

    def run(self) -> str:
        """Translate the whole pattern."""
        found: list[str] = []
        while self.at < len(self.pattern):
            character = self.pattern[self.at]
            if character == "(":
                found.append(self._group())
            elif character == ")":
                if not self._open:
                    raise self.wrong("a parenthesis is closed that was not opened")
                self._closed.add(self._open.pop())
                self.at += 1
                found.append(")")
            else:
                found.append(self._atom(character))
        if self._open:
            raise self.wrong("a parenthesis is not closed")
        return "".join(found)

    def _group(self) -> str:
        self.at += 1
        if self.pattern.startswith("?", self.at):
            if not self.pattern.startswith("?:", self.at):
                raise self.wrong("`(?` is followed by `:` or nothing")
            self.at += 2
            self._open.append(0)
            return "(?:"
        self.groups += 1
        self._open.append(self.groups)
        return "("

    def _atom(self, character: str) -> str:
        if character == "\\":
            if self.pattern[self.at + 1 : self.at + 2] in _DIGITS:
                return self._back_reference()
            return f"[{self._escape().spelled(self._character)}]"
        if character == "[":
            return self._class()
        self.at += 1
        if character == ".":
            return "(?s:.)" if self.dot_all else r"[^\n\r]"
        if character == "^":
            return "(?m:^)" if self.lines else r"\A"
        if character == "$":
            return "(?m:$)" if self.lines else self._end
        if character in "*+?|":
            return character
        if character == "{":
            return self._count()
        if character in "]}":
            self.at -= 1
            raise self.wrong(f"`{character}` needs a backslash before it")
        return "\\" + character if character in _SPECIAL else character

    def _count(self) -> str:
        end = self.pattern.find("}", self.at)
        body = self.pattern[self.at : end] if end >= 0 else ""
        low, comma, high = body.partition(",")
        if not low.isdecimal() or (high and not high.isdecimal()) or not body.isascii():
            raise self.wrong("a repetition is written {2}, {2,} or {2,5}")
        if int(low) > 1000 or (high and (int(high) > 1000 or int(high) < int(low))):
            raise self.wrong("a repetition goes up to 1000, from the smaller number to the larger")
        self.at = end + 1
        return f"{{{int(low)}{comma}{int(high) if high else ''}}}"

    def _back_reference(self) -> str:
        r"""Read `\1`; more digits belong to it as long as so many groups were opened before it."""
        start = self.at
        digits = self.pattern[start + 1]
        self.at += 2
        while self.pattern[self.at : self.at + 1] in _DIGITS and int(digits + self.pattern[self.at]) <= self.groups:
            digits += self.pattern[self.at]
            self.at += 1
        if int(digits) not in self._closed:
            self.at = start
            raise self.wrong(f"`\\{digits}` refers back to a group that does not end before it")
        self.refers_back = True
        if not self._goes_back:
            return "(?:)"
        return f"(?({digits})\\g<{digits}>|)"  # a group that took part in nothing stands for the empty text

    def _escape(self) -> _Set:
        """Read an escape, inside or outside square brackets."""
        if self.at + 1 >= len(self.pattern):
            raise self.wrong("a backslash stands at the end")
        letter = self.pattern[self.at + 1]
        if letter.isdecimal():
            raise self.wrong(f"`\\{letter}` refers back to a group, which cannot stand in square brackets")
        self.at += 2
        if letter in _CONTROL:
            return _of_ranges(((_CONTROL[letter],) * 2,))
        if letter in _LITERAL_ESCAPES:
            return _of_ranges(((ord(letter),) * 2,))
        if letter in "pP":
            return self._property(turned=letter == "P")
        found = {
            "s": lambda: _of_ranges(SPACE), "S": lambda: _of_ranges(others(SPACE)),
            "d": lambda: _of_categories("Nd"), "D": lambda: _of_categories("Nd", turned=True),
            "w": lambda: _of_categories(*_WORD), "W": lambda: _of_categories(*_NO_WORD),
            "i": lambda: _of_ranges(NAME_START), "I": lambda: _of_ranges(others(NAME_START)),
            "c": lambda: _of_ranges(NAME_PART), "C": lambda: _of_ranges(others(NAME_PART)),
        }.get(letter)  # fmt: skip
        if found is None:
            self.at -= 2
            raise self.wrong(f"`\\{letter}` has no meaning")
        return found()

    def _property(self, *, turned: bool) -> _Set:
        end = self.pattern.find("}", self.at)
        if not self.pattern.startswith("{", self.at) or end < 0:
            raise self.wrong("`\\p` is followed by a name in braces")
        name = self.pattern[self.at + 1 : end]
        if name.startswith("Is"):
            block = BLOCKS.get(name[2:])
            if block is None:
                raise self.wrong(f"there is no block `{name}`")
            self.at = end + 1
            return _of_ranges(others((block,)) if turned else (block,))
        if name not in CATEGORIES:
            raise self.wrong(f"there is no category `{name}`")
        self.at = end + 1
        if name == "Cn":
            return _of_ranges(others(category_ranges(name)) if turned else category_ranges(name))
        return _of_categories(name, turned=turned)

    def _class(self) -> str:
        opened, held = self._class_parts()
        turned, subtracted = opened
        if subtracted is None:
            return f"[{'^' if turned else ''}{held.spelled(self._character)}]"
        ranges = held.as_ranges()
        remaining = without(others(ranges) if turned else ranges, subtracted)
        return f"[{spell(remaining, self._character)}]" if remaining else f"[^{spell(((0, LAST),), self._character)}]"

    def _class_parts(self, depth: int = 0) -> tuple[tuple[bool, Ranges | None], _Set]:
        """Read a class; give whether it is turned round, what is subtracted, and what it holds."""
        if depth > 20:
            raise self.wrong("classes nest too deeply")
        self.at += 1
        turned = self.pattern.startswith("^", self.at)
        self.at += turned
        held = _Set()
        first = True
        while True:
            character = self.pattern[self.at : self.at + 1]
            if not character:
                raise self.wrong("a square bracket is not closed")
            if character == "]":
                if first:
                    raise self.wrong("a class holds at least one character")
                self.at += 1
                return (turned, None), held
            if character == "-" and self.pattern.startswith("[", self.at + 1) and not first:
                self.at += 1
                (inner_turned, inner_subtracted), inner = self._class_parts(depth + 1)
                ranges = others(inner.as_ranges()) if inner_turned else inner.as_ranges()
                if inner_subtracted is not None:
                    ranges = without(ranges, inner_subtracted)
                if not self.pattern.startswith("]", self.at):
                    raise self.wrong("a subtraction stands last in its class")
                self.at += 1
                return (turned, ranges), held
            self._class_member(character, held)
            first = False

    def _class_member(self, character: str, held: _Set) -> None:
        one = self._one(character)
        single = len(one.ranges) == 1 and one.ranges[0][0] == one.ranges[0][1] and not one.categories
        follows = self.pattern[self.at + 1 : self.at + 2]
        if single and self.pattern.startswith("-", self.at) and follows not in {"", "]", "["}:
            self.at += 1
            other = self._one(self.pattern[self.at])
            low, high = one.ranges[0][0], other.ranges[0][0] if other.ranges else -1
            if other.categories or len(other.ranges) != 1 or other.ranges[0][1] != high or high < low:
                raise self.wrong("a range goes from one character to a later one")
            held.ranges.append((low, high))
            return
        held.add(one)

    def _one(self, character: str) -> _Set:
        if character == "\\":
            return self._escape()
        if character == "[":
            raise self.wrong("`[` needs a backslash before it")
        self.at += 1
        return _of_ranges(((ord(character),) * 2,))
