"""Reads operands: literals, names, and what follows them (`.field`, `[filter]`, `(arguments)`, `instance of`)."""

from typing import Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.lexer import NUMBER, SYMBOL, TEXT, WORD, unquote
from microflow_runtime.feel.names import KEYWORDS, find_name
from microflow_runtime.feel.numbers import parse_number
from microflow_runtime.feel.parse.phrases import Phrases
from microflow_runtime.feel.temporal_parse import parse_temporal
from microflow_runtime.feel.types import BOOLEAN, NULL, STRING, Type
from microflow_runtime.feel.types import NUMBER as NUMBER_TYPE
from microflow_runtime.feel.values import type_of

_OPENS: Final = frozenset({"(", "[", "{", "]", "-", "@", "!", "<", "<=", ">", ">="})
_CONSTANTS: Final[dict[str, tuple[object, Type]]] = {
    "true": (True, BOOLEAN),
    "false": (False, BOOLEAN),
    "null": (None, NULL),
}
_PHRASES: Final = {
    "if": Phrases.if_phrase,
    "for": Phrases.for_phrase,
    "some": Phrases.some_phrase,
    "every": Phrases.every_phrase,
    "function": Phrases.function_phrase,
}


class Operands(Phrases):
    """Reads operands."""

    def primary(self) -> syntax.Node:
        """Read a literal, a name, or a phrase in brackets or after a keyword."""
        at = self.at
        kind, text = self.kinds[at], self.texts[at]
        start, end = self.starts[at], self.ends[at]
        if kind == WORD:
            return self._word(text, start, end)
        if kind == NUMBER:
            self.at += 1
            return syntax.Literal(start, end, self.literal(parse_number, text, at), NUMBER_TYPE)
        if kind == TEXT:
            self.at += 1
            return syntax.Literal(start, end, self.literal(unquote, text, at), STRING)
        if kind == SYMBOL:
            if text == "(":
                return self.parenthesis(start)
            if text in {"[", "]"}:
                return self.bracket(start, text)
            if text == "{":
                return self.context(start)
            if text == "@":
                return self._at_literal(start)
        return self.fail("a value")

    def _at_literal(self, start: int) -> syntax.Node:
        self.at += 1
        at = self.at
        if self.kinds[at] != TEXT:
            self.fail('a date, time or duration in double quotes after `@`, as in @"2025-01-31"')
        self.at += 1
        value = self.literal(lambda token: parse_temporal(unquote(token)), self.texts[at], at)
        return syntax.Literal(start, self.ends[at], value, type_of(value))

    def _word(self, text: str, start: int, end: int) -> syntax.Node:
        known = find_name(self.patterns, self.tokens, self.at)
        if known is not None:
            name, size = known
            needs_parenthesis = name == "date and time"
            if not needs_parenthesis or self.texts[self.at + size] == "(":
                return self._known_name(name, size)
        if text in KEYWORDS:
            if text in _CONSTANTS:
                self.at += 1
                value, kind = _CONSTANTS[text]
                return syntax.Literal(start, end, value, kind)
            phrase = _PHRASES.get(text)
            if phrase is None or (text == "function" and self.texts[self.at + 1] != "("):
                self.fail("a value")
            self.at += 1
            return phrase(self, start)
        self.at += 1
        return self._joined_name(start)

    def _known_name(self, name: str, size: int) -> syntax.Node:
        start = self.starts[self.at]
        self.at += size
        return syntax.Name(start, self.ends[self.at - 1], name)

    def _joined_name(self, start: int) -> syntax.Node:
        """Go on from a word just read over the words that follow it: two names cannot stand side by side."""
        first = self.at - 1
        while self.kinds[self.at] == WORD and self.texts[self.at] not in KEYWORDS:
            if self.texts[self.at] in {"x", "X"} and self.opens_operand(self.at + 1):
                break
            self.at += 1
        name = self.texts[first] if self.at == first + 1 else " ".join(self.texts[first : self.at])
        if name == "partial":
            self.partial_used = True
        return syntax.Name(start, self.ends[self.at - 1], name)

    def postfix(self, left: syntax.Node) -> syntax.Node:
        """Read what follows an operand: `.field`, `[filter]`, `(arguments)`, `instance of`."""
        while True:
            kind, text = self.kinds[self.at], self.texts[self.at]
            if kind == SYMBOL:
                if text == ".":
                    left = self._path(left)
                elif text == "(":
                    left = self._call(left)
                elif text == "[" and not (self.range_ends and not self.opens_operand(self.at + 1)):
                    left = self._filter(left)
                else:
                    return left
            elif kind == WORD and text == "instance":
                self.at += 1
                self.take("of", "after `instance`")
                wanted = self.type_name()
                left = syntax.InstanceOf(left.start, wanted.end, left, wanted)
            else:
                return left

    def _path(self, source: syntax.Node) -> syntax.Node:
        self.at += 1
        if self.kinds[self.at] != WORD:
            self.fail("the name of a field after `.`")
        known = find_name(self.patterns, self.tokens, self.at)
        if known is not None:
            name, size = known
            self.at += size
        else:
            start = self.starts[self.at]
            self.at += 1
            node = self._joined_name(start)
            assert isinstance(node, syntax.Name)
            name = node.name
        return syntax.Path(source.start, self.ends[self.at - 1], source, name)

    def _filter(self, source: syntax.Node) -> syntax.Node:
        self.at += 1
        outer, self.range_ends = self.range_ends, 0
        condition = self.expression()
        self.range_ends = outer
        self.take("]", "after the filter")
        return syntax.Filter(source.start, self.ends[self.at - 1], source, condition)

    def _call(self, callee: syntax.Node) -> syntax.Node:
        self.at += 1
        outer, self.range_ends = self.range_ends, 0
        arguments: list[syntax.Node] = []
        names: list[str] = []
        while not self.is_symbol(")"):
            name = self._argument_name()
            if name is not None:
                names.append(name)
            elif names:
                self.fail("a parameter name: positional and named arguments cannot be mixed")
            arguments.append(self.expression())
            if not self.is_symbol(","):
                break
            self.at += 1
        self.take(")", "after the arguments")
        self.range_ends = outer
        if names and len(names) != len(arguments):
            self.at -= 1
            self.fail("every argument by name, or none")
        end = self.ends[self.at - 1]
        return syntax.Call(callee.start, end, callee, tuple(arguments), tuple(names) or None)

    def _argument_name(self) -> str | None:
        at = self.at
        while self.kinds[at] == WORD:
            at += 1
        if at == self.at or self.texts[at] != ":" or self.kinds[at] != SYMBOL:
            return None
        name = " ".join(self.texts[self.at : at])
        self.at = at + 1
        return name

    def opens_operand(self, at: int) -> bool:
        """Tell whether an operand can begin with a token."""
        kind, text = self.kinds[at], self.texts[at]
        if kind == WORD:
            return text not in KEYWORDS or text in {"if", "for", "some", "every", "function", "true", "false", "null"}
        return kind in {NUMBER, TEXT} or (kind == SYMBOL and text in _OPENS)
