"""Functions on text that need no patterns. Positions count characters from 1."""

from decimal import Decimal
from typing import Final

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.signature import CAMUNDA, BuiltIn, Signature, may_take, takes
from microflow_runtime.feel.numbers import to_index
from microflow_runtime.feel.types import BOOLEAN, NUMBER, STRING, ListType, optional
from microflow_runtime.feel.values import Value, type_word


def substring(text: str, start: Decimal, length: Decimal | None = None) -> str:
    """Give the part of a text from a position on; a negative one counts from the end."""
    position = to_index(start)
    if position == 0:
        raise Failure("positions in a text count from 1; 0 is none")
    first = position - 1 if position > 0 else len(text) + position
    if first < 0 or first > len(text):
        raise Failure(f"the text has {len(text)} characters and no position {position}")
    if length is None:
        return text[first:]
    size = to_index(length)
    if size < 1:
        raise Failure(f"the length of a part has to be 1 or more, not {size}")
    return text[first : first + size]


def text_length(text: str) -> Decimal:
    """Count the characters."""
    return Decimal(len(text))


def upper(text: str) -> str:
    """Give the text in capital letters."""
    limits.spend_text(len(text))
    return text.upper()


def lower(text: str) -> str:
    """Give the text in small letters."""
    limits.spend_text(len(text))
    return text.lower()


def before(text: str, match: str) -> str:
    """Give what stands before the first match, or nothing."""
    found = text.find(match)
    return text[:found] if found > 0 else ""


def after(text: str, match: str) -> str:
    """Give what stands after the first match, or nothing."""
    found = text.find(match)
    return text[found + len(match) :] if found >= 0 else ""


def contains(text: str, match: str) -> bool:
    """Tell whether a text holds another."""
    return match in text


def starts_with(text: str, match: str) -> bool:
    """Tell whether a text begins with another."""
    return text.startswith(match)


def ends_with(text: str, match: str) -> bool:
    """Tell whether a text ends with another."""
    return text.endswith(match)


def string_join(items: list[Value], delimiter: str | None = None) -> str:
    """Put texts together, nulls left out."""
    texts = [item for item in items if item is not None]
    for text in texts:
        if type(text) is not str:
            raise Failure(f"`string join` takes a list of strings, not of {type_word(text)}")
    glue = delimiter or ""
    limits.spend(len(texts))
    limits.spend_text(sum(map(len, texts)) + len(glue) * max(0, len(texts) - 1))
    return glue.join(texts)


def trimmed(text: str) -> str:
    """Give the text without blanks at its ends."""
    limits.spend_text(len(text))
    return text.strip()


_S: Final = takes("string", STRING)
_MATCH: Final = takes("match", STRING)
_TEXTS: Final = ListType(optional(STRING))

STRINGS: Final = (
    BuiltIn(
        "substring", "Gives the part of a text from a position on, at most `length` characters; a negative position counts from the end.",
        (Signature((_S, takes("start position", NUMBER), may_take("length", NUMBER)), STRING, substring),),
        (('substring("foobar", 3)', '"obar"'), ('substring("foobar", 3, 3)', '"oba"'), ('substring("foobar", -2, 1)', '"a"')),
    ),
    BuiltIn("string length", "Counts the characters.", (Signature((_S,), NUMBER, text_length),), (('string length("foo")', "3"),)),
    BuiltIn("upper case", "Gives the text in capital letters.", (Signature((_S,), STRING, upper),), (('upper case("aBc4")', '"ABC4"'),)),
    BuiltIn("lower case", "Gives the text in small letters.", (Signature((_S,), STRING, lower),), (('lower case("aBc4")', '"abc4"'),)),
    BuiltIn(
        "substring before", "Gives what stands before the first match, or nothing.",
        (Signature((_S, _MATCH), STRING, before),), (('substring before("foobar", "bar")', '"foo"'),),
    ),
    BuiltIn(
        "substring after", "Gives what stands after the first match, or nothing.",
        (Signature((_S, _MATCH), STRING, after),), (('substring after("foobar", "ob")', '"ar"'),),
    ),
    BuiltIn("trim", "Gives the text without blanks and line ends before and after it.", (Signature((_S,), STRING, trimmed),), (('trim("  a b ")', '"a b"'),), extension=CAMUNDA),
    BuiltIn("contains", "Tells whether a text holds another.", (Signature((_S, _MATCH), BOOLEAN, contains),), (('contains("foobar", "of")', "false"),)),
    BuiltIn("starts with", "Tells whether a text begins with another.", (Signature((_S, _MATCH), BOOLEAN, starts_with),), (('starts with("foobar", "fo")', "true"),)),
    BuiltIn("ends with", "Tells whether a text ends with another.", (Signature((_S, _MATCH), BOOLEAN, ends_with),), (('ends with("foobar", "r")', "true"),)),
    BuiltIn(
        "string join", "Puts the texts of a list together, with the delimiter between them; nulls are left out.",
        (Signature((takes("list", _TEXTS), may_take("delimiter", optional(STRING))), STRING, string_join),),
        (('string join(["a", "b", "c"], " and ")', '"a and b and c"'), ('string join(["a", null, "c"])', '"ac"')),
    ),
)  # fmt: skip
