"""Statements as PostgreSQL takes them: psycopg's marks, and tests for null that do not take the type of a parameter away.

PostgreSQL takes the type of a parameter from the first place that tells it, and `:n is null` tells none. Such a test
becomes a parameter of its own, a text that is null when the value is.
"""

import re
from functools import lru_cache
from typing import Final, LiteralString

import msgspec

from microflow_runtime.compiler.sql_text import read_sql

_TEST: Final = re.compile(r"\s+(?:is\s+(?:not\s+)?null|isnull|notnull)\b", re.IGNORECASE)
_BEFORE_TEST: Final = re.compile(
    r"(?:^|[(,]|\b(?:where|and|or|not|when|then|else|select|on|having|filter))\s*$", re.IGNORECASE
)
"""What stands before a parameter that is tested alone; `a = :n is null` tests the comparison."""
TESTED: Final = " is null"
"""What is put behind the name of a parameter for the one that only tells whether it is null."""


class PostgresqlText(msgspec.Struct, frozen=True, eq=False):
    """A statement as psycopg takes it, and numbered as the server does. `tested` are parameters that are tested for null."""

    query: LiteralString
    numbered: str
    names: tuple[str, ...]
    tested: tuple[str, ...]


@lru_cache(maxsize=2048)
def postgresql_text(sql: str) -> PostgresqlText:
    """Write a statement; the texts are those of the plans, so there are not many."""
    text = read_sql(sql)
    if not text.names:
        whole = "".join(text.pieces)
        return PostgresqlText(whole.replace("%", "%%"), whole, (), ())
    names: list[str] = []
    marked, numbered = [], []
    for index, piece in enumerate(text.pieces):
        if index % 2 == 0:
            marked.append(piece.replace("%", "%%"))
            numbered.append(piece)
            continue
        is_test = _TEST.match(text.pieces[index + 1]) and _BEFORE_TEST.search(text.pieces[index - 1])
        name = f"{piece}{TESTED}" if is_test else piece
        if name not in names:
            names.append(name)
        cast = "::text" if is_test else ""
        marked.append(f"%({name})s{cast}")
        numbered.append(f"${names.index(name) + 1}{cast}")
    tested = tuple(name.removesuffix(TESTED) for name in names if name.endswith(TESTED))
    return PostgresqlText("".join(marked), "".join(numbered), tuple(names), tested)
