"""The texts that values may have in a sentence, and how they are found in it: whole, cut short, or written in escapes."""

import html
import json
import re
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from microflow_runtime.compiler.business_objects import MASK
from microflow_runtime.feel import format_number

_MOST_CHARACTERS: Final = 256 * 1024
_PIECE: Final = 6
"""A piece of a value with so many characters is masked wherever it stands, of one of words alone twice as many."""
_SHORT: Final = 3
"""A value shorter than this is masked only between signs that quote: a lone digit is in many sentences."""


class TooMany(Exception):
    """There are more characters in sensitive values than can be looked for."""


class ValueTexts:
    """The texts of values, leaf by leaf. Upper and lower case count as one."""

    def __init__(self) -> None:
        self._whole: set[str] = set()
        self._pieces: set[str] = set()
        self._sentences: set[str] = set()
        self._size = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not (self._whole or self._pieces or self._sentences)

    def add(self, value: Any) -> None:
        """Take a value, or all values inside it. Raises TooMany."""
        if value is None or isinstance(value, bool):
            return
        if isinstance(value, dict | list):
            for item in value.values() if isinstance(value, dict) else value:
                self.add(item)
            return
        for text in _forms(value):
            self._size += len(text)
            if self._size > _MOST_CHARACTERS:
                raise TooMany
            if len(text) < _PIECE:
                self._whole.add(text)
            else:
                is_prose = " " in text and not any(map(str.isdigit, text))
                (self._sentences if is_prose else self._pieces).add(text)
                if is_prose and len(text) < 2 * _PIECE:
                    self._whole.add(text)

    def mask(self, sentence: str) -> str:
        """Give the sentence with `***` in the place of each."""
        lowered = sentence.lower()
        if self.is_empty or len(lowered) != len(sentence):
            lowered = sentence
        spans = [
            *self._whole_ones(lowered),
            *_runs(lowered, "\0".join(self._pieces), _PIECE),
            *_runs(lowered, "\0".join(self._sentences), 2 * _PIECE),
        ]
        masked: list[str] = []
        done = 0
        for start, end in sorted(spans):
            if start > done or not masked:
                masked += sentence[done:start], MASK
            done = max(done, end)
        return "".join(masked) + sentence[done:]

    def _whole_ones(self, lowered: str) -> list[tuple[int, int]]:
        found = []
        for text in self._whole:
            before, behind = (
                (r"(?<![\w.])", r"(?!\w)") if len(text) >= _SHORT else (r"(?<=[\"'`(\[=])", r"(?=[\"'`)\]])")
            )
            found += [match.span() for match in re.finditer(before + re.escape(text) + behind, lowered)]
            if len(text) < _SHORT and text.lstrip("-").isdigit():
                found += [match.span(1) for match in re.finditer(rf"\bnumber ({re.escape(text)})\b", lowered)]
        return found


def _runs(lowered: str, haystack: str, least: int) -> list[tuple[int, int]]:
    """Find the pieces of a sentence, as long as they go on, that are pieces of what is looked for."""
    found = []
    at = 0
    while haystack and at + least <= len(lowered):
        end = at + least
        if lowered[at:end] not in haystack:
            at += 1
            continue
        while end < len(lowered) and lowered[at : end + 1] in haystack:
            end += 1
        found.append((at, end))
        at = end
    return found


def _forms(value: Any) -> set[str]:
    """Give the ways in which others write a value, in lower case."""
    if isinstance(value, Decimal):
        return (
            {format_number(value), str(value).lower(), format_number(value.normalize())} if value.is_finite() else set()
        )
    text = str(value).strip()
    if not text:
        return set()
    escaped = json.dumps(text)[1:-1]
    forms = {text, *text.splitlines(), escaped, quote(text, safe=""), html.escape(text), repr(text)[1:-1]}
    return {each.strip().lower() for each in forms if each.strip()}
