"""Cuts the text of a formula into tokens."""

import re
from typing import Final

import msgspec

from microflow_runtime.feel.faults import SYNTAX, TOO_LARGE, FormulaFault

MAXIMUM_TEXT: Final = 65_536
"""Longest formula, in characters."""

# The characters a name may begin with, and those it may go on with (DMN 1.5, grammar rules 28 and 29).
_START: Final = (
    "?A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\U00010000-\U000effff"
)
_PART: Final = _START + "0-9\u00b7\u0300-\u036f\u203f-\u2040"

_TOKEN: Final = re.compile(
    rf"""
    (?>[\s\ufeff]+|//[^\n\r]*|/\*.*?\*/)*+
    (?:
      ([{_START}][{_PART}]*)
    | ((?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (\*\*|\.\.|<=|>=|!=|==|&&|\|\||->|/(?!\*)|[-+*()\[\]{{}},:.=<>@!'])
    | ("(?:[^"\\]|\\.)*")
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_SKIP: Final = re.compile(r"(?>[\s\ufeff]+|//[^\n\r]*|/\*.*?\*/)*+", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6})|(.))", re.DOTALL)
_SIMPLE_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}

WORD: Final = 1
NUMBER: Final = 2
SYMBOL: Final = 3
TEXT: Final = 4
END: Final = 0


class Tokens(msgspec.Struct):
    """The tokens of one formula, in four lists of the same length; the last token has kind `END`."""

    kinds: list[int]
    texts: list[str]
    starts: list[int]
    ends: list[int]


class SyntaxFault(Exception):
    """The text is no formula; carries the one fault found."""

    def __init__(self, fault: FormulaFault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def tokenize(text: str) -> Tokens:
    """Cut a formula into tokens.

    Raises SyntaxFault at the first character that belongs to no token.
    """
    kinds: list[int] = []
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    size = len(text)
    if size > MAXIMUM_TEXT:
        message = f"the formula has {size:,} characters, at most {MAXIMUM_TEXT:,} are allowed"
        raise SyntaxFault(FormulaFault(code=TOO_LARGE, message=message, start=0, end=1))
    position = 0
    match = _TOKEN.match
    while position < size:
        found = match(text, position)
        if found is None:
            skipped = _SKIP.match(text, position)
            position = skipped.end() if skipped else position
            if position >= size:
                break
            raise _unreadable(text, position)
        kind = found.lastindex or 0
        start, position = found.span(kind)
        kinds.append(kind)
        texts.append(text[start:position])
        starts.append(start)
        ends.append(position)
    kinds.append(END)
    texts.append("")
    starts.append(size)
    ends.append(size)
    return Tokens(kinds, texts, starts, ends)


def _unreadable(text: str, position: int) -> SyntaxFault:
    character = text[position]
    help_text = ""
    if character == '"':
        message = "the text is not closed"
        help_text = 'text ends with a double quote; write \\" for a quote inside it'
    elif text.startswith("/*", position):
        message = "the comment is not closed"
    elif character in "&|":
        word = "and" if character == "&" else "or"
        fault = FormulaFault(
            code=SYNTAX,
            message=f"`{character}` is no operator",
            start=position,
            end=position + 1,
            help=f"write `{word}`",
            replacement=word,
        )
        return SyntaxFault(fault)
    else:
        message = f"the character {character!r} has no meaning here"
        help_text = "the rest of a division is `modulo(a, b)`" if character == "%" else ""
    return SyntaxFault(FormulaFault(code=SYNTAX, message=message, start=position, end=position + 1, help=help_text))


def unquote(token: str) -> str:
    """Give the characters of a text token. A backslash before any other character than the escapes stands for itself.

    Raises ValueError for a character number beyond those of Unicode.
    """
    body = token[1:-1]
    if "\\" not in body:
        return body
    result = _ESCAPE.sub(_unescape, body)
    if any("\ud800" <= character <= "\udfff" for character in result):
        # Two halves of one character, as JSON writes those beyond the first 65,536.
        result = result.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return result


def _unescape(found: re.Match[str]) -> str:
    short, long, other = found.groups()
    if other is not None:
        return _SIMPLE_ESCAPES.get(other, "\\" + other)
    number = int(short or long, 16)
    if number > 0x10FFFF:
        raise ValueError(f"there is no character number {number:X}")
    return chr(number)
