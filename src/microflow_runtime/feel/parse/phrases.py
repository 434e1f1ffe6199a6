"""Reads the phrases that begin with a keyword: `if`, `for`, `some`, `every`, `function`."""

from typing import Never

from microflow_runtime.feel import syntax
from microflow_runtime.feel.faults import EXTERNAL_FUNCTION, FormulaFault
from microflow_runtime.feel.lexer import END, WORD, SyntaxFault
from microflow_runtime.feel.parse.brackets import Brackets


class Phrases(Brackets):
    """Reads phrases."""

    def if_phrase(self, start: int) -> syntax.Node:
        """Read on after `if`."""
        condition = self.expression()
        self.take("then", "after the condition")
        then = self.expression()
        self.take("else", "after the value of `then`")
        otherwise = self.expression()
        return syntax.If(start, otherwise.end, condition, then, otherwise)

    def for_phrase(self, start: int) -> syntax.Node:
        """Read on after `for`."""
        iterators = self._iterators()
        self.take("return", "after the lists of the loop")
        outer, self.partial_used = self.partial_used, False
        body = self.expression()
        uses, self.partial_used = self.partial_used, outer
        return syntax.For(start, body.end, iterators, body, uses)

    def some_phrase(self, start: int) -> syntax.Node:
        """Read on after `some`."""
        return self._quantified(start, every=False)

    def every_phrase(self, start: int) -> syntax.Node:
        """Read on after `every`."""
        return self._quantified(start, every=True)

    def _quantified(self, start: int, *, every: bool) -> syntax.Node:
        iterators = self._iterators()
        self.take("satisfies", "after the lists")
        condition = self.expression()
        return syntax.Quantified(start, condition.end, every, iterators, condition)

    def _iterators(self) -> tuple[syntax.Iterator, ...]:
        found: list[syntax.Iterator] = []
        while True:
            first = self.at
            while self.kinds[self.at] != END and not self.is_word("in"):
                if self.is_symbol(","):
                    name = self.spelled(first, self.at)
                    self.fail(
                        f"`in` behind `{name}`, as each name goes over a list of its own: `for a in list, b in list`"
                    )
                self.at += 1
            if self.at == first or self.kinds[first] != WORD or self.kinds[self.at] == END:
                self.at = first
                self.fail("`name in list`")
            name = self.spelled(first, self.at)
            end = self.ends[self.at - 1]
            self.at += 1
            source = self.expression()
            until = None
            if self.is_symbol(".."):
                self.at += 1
                until = self.expression()
            found.append(syntax.Iterator(name, source, until, self.starts[first], end))
            self.know((name,))
            if not self.is_symbol(","):
                return tuple(found)
            self.at += 1

    def function_phrase(self, start: int) -> syntax.Node:
        """Read on after `function`."""
        self.take("(", "after `function`")
        parameters: list[syntax.Parameter] = []
        while not self.is_symbol(")"):
            first = self.at
            while self.kinds[self.at] == WORD:
                self.at += 1
            if first == self.at:
                self.fail("the name of a parameter")
            name = self.spelled(first, self.at)
            end = self.ends[self.at - 1]
            kind = None
            if self.is_symbol(":"):
                self.at += 1
                kind = self.type_name()
            parameters.append(syntax.Parameter(name, kind, self.starts[first], end))
            if not self.is_symbol(","):
                break
            self.at += 1
        self.take(")", "after the parameters")
        if self.is_word("external"):
            self._external()
        self.know(parameter.name for parameter in parameters)
        body = self.expression()
        return syntax.Function(start, body.end, tuple(parameters), body)

    def _external(self) -> Never:
        message = "a function cannot be written in another language here"
        remedy = "call it from a node of its own (custom code, sub flow) and read its result"
        start, end = self.starts[self.at], self.ends[self.at]
        raise SyntaxFault(FormulaFault(code=EXTERNAL_FUNCTION, message=message, start=start, end=end, help=remedy))
