"""Reads what stands in brackets: parentheses, lists, ranges, contexts."""

from collections.abc import Callable
from typing import TypeVar

from microflow_runtime.feel import syntax
from microflow_runtime.feel.faults import WRONG_LITERAL, FormulaFault
from microflow_runtime.feel.lexer import END, SYMBOL, TEXT, WORD, SyntaxFault, unquote
from microflow_runtime.feel.parse.cursor import SUM
from microflow_runtime.feel.parse.type_names import TypeNames

_Read = TypeVar("_Read")


class Brackets(TypeNames):
    """Reads brackets."""

    def literal(self, read: Callable[[str], _Read], text: str, at: int) -> _Read:
        """Read the constant that a token spells; a wrong one stops the reading."""
        try:
            return read(text)
        except ValueError as error:
            fault = FormulaFault(code=WRONG_LITERAL, message=str(error), start=self.starts[at], end=self.ends[at])
            raise SyntaxFault(fault) from error

    def parenthesis(self, start: int) -> syntax.Node:
        """Read on from `(`: an expression, a range of one end, or a range."""
        self.at += 1
        outer, self.range_ends = self.range_ends, 0
        inner = self.test(inside=True)
        self.range_ends = outer
        if self.is_symbol(".."):
            return self._range(start, inner, included=False)
        self.take(")", "to close the parenthesis")
        inner.start, inner.end = start, self.ends[self.at - 1]
        self.enclosed.add((inner.start, inner.end))
        return inner

    def bracket(self, start: int, text: str) -> syntax.Node:
        """Read on from `[` or `]`: a list or a range."""
        self.at += 1
        outer, self.range_ends = self.range_ends, 0
        if text == "[" and self.is_symbol("]"):
            self.at += 1
            self.range_ends = outer
            return syntax.List(start, self.ends[self.at - 1], ())
        items = [self.expression()]
        self.range_ends = outer
        if self.is_symbol(".."):
            return self._range(start, items[0], included=text == "[")
        if text == "]":
            self.fail("`..` in a range")
        self.range_ends = 0
        while self.is_symbol(","):
            self.at += 1
            items.append(self.expression())
        self.range_ends = outer
        self.take("]", "to close the list")
        return syntax.List(start, self.ends[self.at - 1], tuple(items))

    def _range(self, start: int, low: syntax.Node, *, included: bool) -> syntax.Node:
        self.at += 1
        self.range_ends += 1
        high = self.expression(SUM)
        self.range_ends -= 1
        text = self.texts[self.at]
        if self.kinds[self.at] != SYMBOL or text not in {"]", ")", "["}:
            self.fail("`]`, `)` or `[` to close the range")
        self.at += 1
        return syntax.Range(start, self.ends[self.at - 1], low, high, included, text == "]")

    def context(self, start: int) -> syntax.Node:
        """Read on from `{`."""
        self.at += 1
        outer, self.range_ends = self.range_ends, 0
        entries: list[syntax.Entry] = []
        while not self.is_symbol("}"):
            entry_start = self.starts[self.at]
            name = self._key()
            entry_end = self.ends[self.at - 1]
            self.take(":", "after the name of the entry")
            value = self.expression()
            entries.append(syntax.Entry(name, value, entry_start, entry_end))
            self.know((name,))
            if not self.is_symbol(","):
                break
            self.at += 1
        self.take("}", "to close the context")
        self.range_ends = outer
        return syntax.Context(start, self.ends[self.at - 1], tuple(entries))

    def _key(self) -> str:
        if self.kinds[self.at] == TEXT:
            self.at += 1
            return self.literal(unquote, self.texts[self.at - 1], self.at - 1)
        if self.kinds[self.at] != WORD:
            self.fail("the name of an entry")
        first = self.at
        while not (self.is_symbol(":") or self.kinds[self.at] == END or self.texts[self.at] in {",", "}", "{"}):
            self.at += 1
        return self.spelled(first, self.at)
