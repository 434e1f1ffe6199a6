"""Finds names of several words (`Monthly Salary`, `date and time`, `foo+bar`) in a row of tokens.

A name of one word needs no entry: any word that is no keyword is a name.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from microflow_runtime.feel.lexer import END, WORD, SyntaxFault, Tokens, tokenize
from microflow_runtime.feel.types import ContextType, FunctionType, ListType, Type

KEYWORDS: Final = frozenset(
    [
        "if",
        "then",
        "else",
        "for",
        "in",
        "return",
        "some",
        "every",
        "satisfies",
        "and",
        "or",
        "between",
        "instance",
        "of",
        "function",
        "true",
        "false",
        "null",
        "external",
    ]
)

# The tokens of a name; for each but the first whether it touches the one before.
Pattern = tuple[str, tuple[str, ...], tuple[bool, ...]]
Patterns = dict[str, list[Pattern]]


@lru_cache(maxsize=4096)
def _pattern(name: str) -> Pattern | None:
    try:
        tokens = tokenize(name)
    except SyntaxFault:
        return None
    texts = tuple(tokens.texts[:-1])
    if not texts or tokens.kinds[0] != WORD:
        return None
    touches = tuple(tokens.ends[i] == tokens.starts[i + 1] for i in range(len(texts) - 1))
    return name, texts, touches


def add_names(patterns: Patterns, names: Iterable[str]) -> None:
    """Add those of the names that are more than one plain word."""
    for name in names:
        if name.isidentifier() and name not in KEYWORDS:
            continue
        pattern = _pattern(name)
        if pattern is None or (len(pattern[1]) == 1 and name not in KEYWORDS):
            continue
        row = patterns.setdefault(pattern[1][0], [])
        if pattern not in row:
            row.append(pattern)
            row.sort(key=lambda entry: -len(entry[1]))


def find_name(patterns: Patterns, tokens: Tokens, position: int) -> tuple[str, int] | None:
    """Give the longest known name that begins at a token, and how many tokens it takes."""
    row = patterns.get(tokens.texts[position])
    if row is None:
        return None
    for name, texts, touches in row:
        size = len(texts)
        if tuple(tokens.texts[position : position + size]) != texts or END in tokens.kinds[position : position + size]:
            continue
        ok = True
        for offset, touching in enumerate(touches):
            at = position + offset
            both_words = tokens.kinds[at] == WORD and tokens.kinds[at + 1] == WORD
            if not both_words and (tokens.ends[at] == tokens.starts[at + 1]) != touching:
                ok = False
                break
        if ok:
            return name, size
    return None


def field_names(kind: Type) -> frozenset[str]:
    """Give the names of all fields a value of the type can hold, at any depth, that are more than one plain word."""
    if isinstance(kind, ContextType | ListType | FunctionType):
        return _field_names(kind)
    return frozenset()


@lru_cache(maxsize=4096)
def _field_names(kind: Type) -> frozenset[str]:
    found: set[str] = set()
    seen: set[int] = set()
    waiting = [kind]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, ListType):
            waiting.append(current.item)
        elif isinstance(current, FunctionType):
            waiting.append(current.result)
        elif isinstance(current, ContextType):
            for name, field in current.fields:
                if not name.isidentifier() or name in KEYWORDS:
                    found.add(name)
                waiting.append(field)
    return frozenset(found)
