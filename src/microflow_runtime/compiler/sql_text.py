"""Finds the parameters of an SQL text. Quoted texts and names, comments, casts (`::`) and slices are left alone.

One reader serves the check of a flow and the run, so that both see the same parameters whatever the database is.
"""

import re
from collections.abc import Callable
from typing import Final

import msgspec

_TOKEN: Final = re.compile(
    r"""
    (?<!\w)[eE]'(?:[^'\\]|''|\\.)*'      # PostgreSQL's text with escapes
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | `[^`]*`
    | (?<!\w)\$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    | --[^\n]*
    | /\*.*?\*/
    | ::
    | (?P<end>;)
    | (?<![:\w]):(?P<name>[^\W\d]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)
_REMARK: Final = re.compile(r"\s+|--[^\n]*|/\*.*?\*/", re.DOTALL)


class SqlText(msgspec.Struct, frozen=True):
    """An SQL text in pieces. `pieces` are texts and names of parameters in turns: text, name, text, …, text.

    `names` are the parameters in the order they are first met. `is_one` tells that nothing stands behind a semicolon.
    """

    pieces: tuple[str, ...]
    names: tuple[str, ...]
    is_one: bool

    def written(self, mark: Callable[[str], str], text: Callable[[str], str]) -> str:
        """Put the text together anew, each parameter as `mark` writes it, each text between as `text` does."""
        return "".join(mark(piece) if index % 2 else text(piece) for index, piece in enumerate(self.pieces))


_IN_LIST: Final = re.compile(r"\bin\s*\((?P<before>(?:[^()]*,)?)\s*$", re.IGNORECASE)
_ENDS_ITEM: Final = re.compile(r"\s*[,)]")


def names_in_lists(text: SqlText) -> frozenset[str]:
    """Give the parameters that stand in the parentheses of an `in`, each of which is one value there."""
    found = set()
    before = ""
    for index in range(1, len(text.pieces), 2):
        before += text.pieces[index - 1]
        match = _IN_LIST.search(before)
        if match and "select" not in match["before"].lower() and _ENDS_ITEM.match(text.pieces[index + 1]):
            found.add(text.pieces[index])
        before += "?"
    return frozenset(found)


def read_sql(sql: str) -> SqlText:
    """Find the parameters of one statement. A semicolon at its end is left out."""
    pieces: list[str] = []
    begin = 0
    is_one = True
    stop = len(sql)
    for found in _TOKEN.finditer(sql):
        if found["name"] is not None:
            pieces += (sql[begin : found.start()], found["name"])
            begin = found.end()
        elif found["end"] is not None:
            is_one = not _REMARK.sub("", sql[found.end() :]).strip("; \t\r\n")
            stop = found.start()
            break
    pieces.append(sql[begin:stop])
    return SqlText(tuple(pieces), tuple(dict.fromkeys(pieces[1::2])), is_one)
