"""Reads the names of types: `number`, `list<string>`, `context<a: number>`, `function<number>->string`."""

from typing import Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.lexer import TEXT, WORD
from microflow_runtime.feel.names import find_name
from microflow_runtime.feel.parse.cursor import Cursor

_TYPE_WORDS: Final = (
    ("years", "and", "months", "duration"),
    ("days", "and", "time", "duration"),
    ("date", "and", "time"),
    ("function",),
)


class TypeNames(Cursor):
    """Reads types."""

    def type_name(self) -> syntax.TypeName:
        """Read the name of a type, as after `instance of`."""
        self.deeper()
        start = self.starts[self.at]
        first = self.at
        known = next((words for words in _TYPE_WORDS if tuple(self.texts[first : first + len(words)]) == words), None)
        if known is not None:
            self.at += len(known)
        else:
            found = find_name(self.patterns, self.tokens, first)
            self.at += found[1] if found else 1
            if self.kinds[first] != WORD:
                self.at = first
                self.fail("the name of a type")
            while self.is_symbol(".") and self.kinds[self.at + 1] == WORD:
                self.at += 2
        name = self.spelled(first, self.at)
        parts, keys = self._type_parts(name)
        self.depth -= 1
        return syntax.TypeName(start, self.ends[self.at - 1], name, parts, keys)

    def _type_parts(self, name: str) -> tuple[tuple[syntax.TypeName, ...], tuple[str, ...]]:
        if name not in {"list", "range", "context", "function"} or not self.is_symbol("<"):
            return (), ()
        self.at += 1
        parts: list[syntax.TypeName] = []
        keys: list[str] = []
        while not self.is_symbol(">"):
            if name == "context":
                first = self.at
                while self.kinds[self.at] in {WORD, TEXT}:
                    self.at += 1
                keys.append(self.spelled(first, self.at))
                self.take(":", "after the name of the field")
            parts.append(self.type_name())
            if not self.is_symbol(","):
                break
            self.at += 1
        self.take(">", "to close the type")
        if name == "function":
            self.take("->", "before the type of the result")
            parts.append(self.type_name())
        return tuple(parts), tuple(keys)
