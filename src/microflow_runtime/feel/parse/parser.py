"""Reads a formula into its syntax tree: precedence climbing over the tokens."""

from typing import Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.faults import FormulaFault
from microflow_runtime.feel.lexer import END, SYMBOL, WORD
from microflow_runtime.feel.names import Patterns
from microflow_runtime.feel.parse.cursor import AND, COMPARISON, OR, POSTFIX, POWER, PRODUCT, SUM
from microflow_runtime.feel.parse.depth import LONG_CHAIN, balanced, check_depth
from microflow_runtime.feel.parse.operands import Operands

_SYMBOL_POWER: Final = {
    "=": COMPARISON, "!=": COMPARISON, "<": COMPARISON, "<=": COMPARISON, ">": COMPARISON, ">=": COMPARISON,
    "==": COMPARISON, "&&": AND, "||": OR, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "**": POWER,
}  # fmt: skip
_WORD_POWER: Final = {"and": AND, "or": OR, "between": COMPARISON, "in": COMPARISON, "x": PRODUCT, "X": PRODUCT}
_COMPARISONS: Final = frozenset({"=", "!=", "<", "<=", ">", ">="})
_VENDOR: Final = {"==": "=", "&&": "and", "||": "or"}


def parse(text: str, patterns: Patterns, *, unary: bool = False) -> tuple[syntax.Node, list[FormulaFault]]:
    """Read a whole formula. Give its tree and the faults that did not stop the reading (the vendor's spellings).

    `patterns` are the known names of several words. `unary` reads a cell of unary tests instead of an expression.

    Raises SyntaxFault when the text is no formula.
    """
    parser = Parser(text, patterns)
    tree = parser.unary_tests() if unary else parser.expression()
    parser.expect_end()
    check_depth(tree, text)
    return tree, parser.faults


class Parser(Operands):
    """Reads expressions and unary tests."""

    def expression(self, least: int = OR) -> syntax.Node:
        """Read an expression whose operators bind at least so tightly."""
        self.deeper()
        left = self.operators(self.prefix(), least)
        self.depth -= 1
        return left

    def operators(self, left: syntax.Node, least: int) -> syntax.Node:
        """Go on from a left operand, as long as operators follow that bind at least so tightly."""
        kinds, texts = self.kinds, self.texts
        length = 0
        while True:
            kind, text = kinds[self.at], texts[self.at]
            if kind == SYMBOL:
                power = _SYMBOL_POWER.get(text, 0)
            elif kind == WORD:
                power = _WORD_POWER.get(text, 0)
            else:
                break
            if power < least or power == 0:
                break
            left = self._operation(left, text, power)
            length += 1
        return balanced(left) if length > LONG_CHAIN else left

    def _operation(self, left: syntax.Node, operator: str, power: int) -> syntax.Node:
        at = self.at
        self.at += 1
        if operator in _VENDOR:
            feel = _VENDOR[operator]
            spaced = self._spaced(at, feel) if feel.isalpha() else feel
            self.vendor(self.starts[at], self.ends[at], operator, feel, spaced)
            operator = feel
        elif operator in {"x", "X"}:
            if not self.opens_operand(self.at):
                self.at = at
                self.fail("an operator or the end of the formula")
            self.vendor(self.starts[at], self.ends[at], operator, "*", "*")
            operator = "*"
        if operator == "between":
            return self._between(left)
        if operator == "in":
            return self._in(left)
        right = self.expression(power + 1)
        start, end = left.start, right.end
        if power >= SUM:
            return syntax.Binary(start, end, operator, left, right)
        if operator in _COMPARISONS:
            return syntax.Comparison(start, end, operator, left, right)
        return syntax.Logic(start, end, operator, left, right)

    def _spaced(self, at: int, word: str) -> str:
        before = "" if at and self.ends[at - 1] < self.starts[at] else " "
        after = "" if self.ends[at] < self.starts[at + 1] else " "
        return before + word + after

    def _between(self, value: syntax.Node) -> syntax.Node:
        low = self.expression(SUM)
        self.take("and", "between the two bounds")
        high = self.expression(SUM)
        return syntax.Between(value.start, high.end, value, low, high)

    def _in(self, value: syntax.Node) -> syntax.Node:
        tests = self._tests_in_parentheses() if self.is_symbol("(") else (self.test(),)
        return syntax.In(value.start, self.ends[self.at - 1], value, tests)

    def _tests_in_parentheses(self) -> tuple[syntax.Node, ...]:
        opened = self.at
        self.at += 1
        tests = [self.test(inside=True)]
        if self.is_symbol(".."):
            self.at = opened
            return (self.operators(self.postfix(self.primary()), SUM),)
        while self.is_symbol(","):
            self.at += 1
            tests.append(self.test(inside=True))
        self.take(")", "after the tests")
        if len(tests) == 1 and not isinstance(tests[0], syntax.Test):
            return (self.operators(self.postfix(tests[0]), SUM),)
        return tuple(tests)

    def test(self, *, inside: bool = False) -> syntax.Node:
        """Read one unary test: `< 10`, `= "a"`, or an expression."""
        text = self.texts[self.at]
        if self.kinds[self.at] == SYMBOL and text in _COMPARISONS:
            start = self.starts[self.at]
            self.at += 1
            operand = self.expression(SUM)
            return syntax.Test(start, operand.end, text, operand)
        return self.expression(OR if inside else SUM)

    def unary_tests(self) -> syntax.Node:
        """Read a cell of unary tests: `-`, `not(…)`, or tests with commas between them."""
        end = len(self.text)
        if self.is_symbol("-") and self.kinds[self.at + 1] == END:
            self.at += 1
            return syntax.Tests(0, end, ())
        negated = self.is_word("not") and self.texts[self.at + 1] == "("
        if negated:
            self.at += 2
        tests = [self.test(inside=True)]
        while self.is_symbol(","):
            self.at += 1
            tests.append(self.test(inside=True))
        if negated:
            self.take(")", "after the tests")
        return syntax.Tests(0, end, tuple(tests), negated)

    def prefix(self) -> syntax.Node:
        """Read an operand with the signs before it."""
        if self.kinds[self.at] == SYMBOL:
            text = self.texts[self.at]
            if text == "-":
                start = self.starts[self.at]
                self.at += 1
                operand = self.expression(POSTFIX)
                return syntax.Negate(start, operand.end, operand)
            if text == "!":
                return self._vendor_not()
        return self.postfix(self.primary())

    def _vendor_not(self) -> syntax.Node:
        start = self.starts[self.at]
        self.at += 1
        operand = self.expression(POSTFIX)
        end = operand.end
        inner = self.text[operand.start : end]
        if (operand.start, end) in self.enclosed:
            inner = inner[1:-1]
        self.vendor(start, end, "!", "not(…)", f"not({inner})")
        callee = syntax.Name(start, start + 1, "not")
        return syntax.Call(start, end, callee, (operand,))
