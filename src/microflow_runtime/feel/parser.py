"""Reads a formula into its syntax tree: precedence climbing over the tokens, one method per kind of phrase.

The grammar of FEEL cannot be read without the names in scope, since names may hold spaces and operators. Names of
several words that the parser does not know are joined from neighbouring words, so that the checker can tell of them.
"""

from collections.abc import Iterable
from typing import Final, Never

from microflow_runtime.feel import syntax
from microflow_runtime.feel.faults import (
    EXTERNAL_FUNCTION,
    SYNTAX,
    TOO_LARGE,
    VENDOR_SPELLING,
    WRONG_LITERAL,
    FormulaFault,
)
from microflow_runtime.feel.lexer import END, NUMBER, SYMBOL, TEXT, WORD, SyntaxFault, tokenize, unquote
from microflow_runtime.feel.names import KEYWORDS, Patterns, add_names, find_name
from microflow_runtime.feel.numbers import parse_number
from microflow_runtime.feel.temporal_parse import parse_temporal
from microflow_runtime.feel.types import BOOLEAN, NULL, STRING, Type
from microflow_runtime.feel.types import NUMBER as NUMBER_TYPE
from microflow_runtime.feel.values import type_of

MAXIMUM_DEPTH: Final = 60
"""How deep phrases may nest."""

_OR, _AND, _COMPARISON, _SUM, _PRODUCT, _POWER, _POSTFIX = range(1, 8)
_SYMBOL_POWER: Final = {
    "=": _COMPARISON, "!=": _COMPARISON, "<": _COMPARISON, "<=": _COMPARISON, ">": _COMPARISON, ">=": _COMPARISON,
    "==": _COMPARISON, "&&": _AND, "||": _OR, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "**": _POWER,
}  # fmt: skip
_WORD_POWER: Final = {"and": _AND, "or": _OR, "between": _COMPARISON, "in": _COMPARISON, "x": _PRODUCT, "X": _PRODUCT}
_COMPARISONS: Final = frozenset({"=", "!=", "<", "<=", ">", ">="})
_VENDOR: Final = {"==": "=", "&&": "and", "||": "or"}
_OPENS: Final = frozenset({"(", "[", "{", "]", "-", "@", "!", "<", "<=", ">", ">="})
_CONSTANTS: Final[dict[str, tuple[object, Type]]] = {
    "true": (True, BOOLEAN),
    "false": (False, BOOLEAN),
    "null": (None, NULL),
}


def parse(text: str, patterns: Patterns, *, unary: bool = False) -> tuple[syntax.Node, list[FormulaFault]]:
    """Read a whole formula. Give its tree and the faults that did not stop the reading (the vendor's spellings).

    `patterns` are the known names of several words. `unary` reads a cell of unary tests instead of an expression.

    Raises SyntaxFault when the text is no formula.
    """
    parser = Parser(text, patterns)
    tree = parser.unary_tests() if unary else parser.expression()
    parser.expect_end()
    return tree, parser.faults


class Parser:
    """The state of one reading: where it is, which names it met, the faults so far."""

    def __init__(self, text: str, patterns: Patterns) -> None:
        tokens = tokenize(text)
        self.text = text
        self.tokens = tokens
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.starts = tokens.starts
        self.ends = tokens.ends
        self.at = 0
        self.patterns = patterns
        self.faults: list[FormulaFault] = []
        self.depth = 0
        self.range_ends = 0
        self.partial_used = False
        self.enclosed: set[tuple[int, int]] = set()

    # -- small steps ---------------------------------------------------------------------------------------------

    def is_symbol(self, symbol: str) -> bool:
        """Tell whether the present token is this symbol."""
        return self.texts[self.at] == symbol and self.kinds[self.at] == SYMBOL

    def is_word(self, word: str) -> bool:
        """Tell whether the present token is this word."""
        return self.texts[self.at] == word and self.kinds[self.at] == WORD

    def take(self, text: str, purpose: str) -> None:
        """Go past a symbol or a word that has to stand here."""
        if self.texts[self.at] != text or self.kinds[self.at] not in {SYMBOL, WORD}:
            self.fail(f"`{text}` {purpose}")
        self.at += 1

    def fail(self, expected: str) -> Never:
        """Stop: something else had to stand here."""
        at = self.at
        found = "the end of the formula" if self.kinds[at] == END else f"`{self.texts[at]}`"
        start, end = self.starts[at], self.ends[at]
        raise SyntaxFault(
            FormulaFault(
                code=SYNTAX, message=f"expected {expected}, found {found}", start=start, end=max(end, start + 1),
                expected=expected, found=found, help=self._remedy(),
            )
        )  # fmt: skip

    def _remedy(self) -> str:
        if self.texts[self.at] == "'":
            return 'text stands in double quotes: "…"'
        if self.kinds[self.at] == WORD and self.at and self.texts[self.at] in {"then", "else", "return", "satisfies"}:
            return f"`{self.texts[self.at]}` stands only after `{_OPENERS[self.texts[self.at]]} …`"
        return ""

    def expect_end(self) -> None:
        """Stop unless the whole text was read."""
        if self.kinds[self.at] != END:
            self.fail("an operator or the end of the formula")

    def vendor(self, start: int, end: int, spelling: str, remedy: str, replacement: str) -> None:
        """Note one of the vendor's spellings; the reading goes on as if FEEL's stood there."""
        message = f"`{spelling}` is not FEEL"
        self.faults.append(
            FormulaFault(
                code=VENDOR_SPELLING, message=message, start=start, end=end, expected=remedy, found=spelling,
                help=f"write `{remedy}`", replacement=replacement,
            )
        )  # fmt: skip

    # -- expressions ---------------------------------------------------------------------------------------------

    def expression(self, least: int = _OR) -> syntax.Node:
        """Read an expression whose operators bind at least so tightly."""
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH:
            message = f"the formula nests deeper than {MAXIMUM_DEPTH} levels"
            start = self.starts[self.at]
            raise SyntaxFault(FormulaFault(code=TOO_LARGE, message=message, start=start, end=start + 1))
        left = self.operators(self.prefix(), least)
        self.depth -= 1
        return left

    def operators(self, left: syntax.Node, least: int) -> syntax.Node:
        """Go on from a left operand, as long as operators follow that bind at least so tightly."""
        kinds, texts = self.kinds, self.texts
        while True:
            kind, text = kinds[self.at], texts[self.at]
            if kind == SYMBOL:
                power = _SYMBOL_POWER.get(text, 0)
            elif kind == WORD:
                power = _WORD_POWER.get(text, 0)
            else:
                return left
            if power < least or power == 0:
                return left
            left = self._operation(left, text, power)

    def _operation(self, left: syntax.Node, operator: str, power: int) -> syntax.Node:
        at = self.at
        self.at += 1
        if operator in _VENDOR:
            feel = _VENDOR[operator]
            spaced = self._spaced(at, feel) if feel.isalpha() else feel
            self.vendor(self.starts[at], self.ends[at], operator, feel, spaced)
            operator = feel
        elif operator in {"x", "X"}:
            if not self._opens_operand(self.at):
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
        if power >= _SUM:
            return syntax.Binary(start, end, operator, left, right)
        if operator in _COMPARISONS:
            return syntax.Comparison(start, end, operator, left, right)
        return syntax.Logic(start, end, operator, left, right)

    def _spaced(self, at: int, word: str) -> str:
        before = "" if at and self.ends[at - 1] < self.starts[at] else " "
        after = "" if self.ends[at] < self.starts[at + 1] else " "
        return before + word + after

    def _opens_operand(self, at: int) -> bool:
        kind, text = self.kinds[at], self.texts[at]
        if kind == WORD:
            return text not in KEYWORDS or text in {"if", "for", "some", "every", "function", "true", "false", "null"}
        return kind in {NUMBER, TEXT} or (kind == SYMBOL and text in _OPENS)

    def _between(self, value: syntax.Node) -> syntax.Node:
        low = self.expression(_SUM)
        self.take("and", "between the two bounds")
        high = self.expression(_SUM)
        return syntax.Between(value.start, high.end, value, low, high)

    def _in(self, value: syntax.Node) -> syntax.Node:
        if self.is_symbol("("):
            tests = self._tests_in_parentheses()
        else:
            tests = (self.test(),)
        return syntax.In(value.start, self.ends[self.at - 1], value, tests)

    def _tests_in_parentheses(self) -> tuple[syntax.Node, ...]:
        opened = self.at
        self.at += 1
        tests = [self.test(inside=True)]
        if self.is_symbol(".."):
            self.at = opened
            return (self.operators(self.postfix(self.primary()), _SUM),)
        while self.is_symbol(","):
            self.at += 1
            tests.append(self.test(inside=True))
        self.take(")", "after the tests")
        if len(tests) == 1 and not isinstance(tests[0], syntax.Test):
            return (self.operators(self.postfix(tests[0]), _SUM),)
        return tuple(tests)

    def test(self, *, inside: bool = False) -> syntax.Node:
        """Read one unary test: `< 10`, `= "a"`, or an expression."""
        text = self.texts[self.at]
        if self.kinds[self.at] == SYMBOL and text in _COMPARISONS:
            start = self.starts[self.at]
            self.at += 1
            operand = self.expression(_SUM)
            return syntax.Test(start, operand.end, text, operand)
        return self.expression(_OR if inside else _SUM)

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
                operand = self.expression(_POSTFIX)
                return syntax.Negate(start, operand.end, operand)
            if text == "!":
                return self._vendor_not()
        return self.postfix(self.primary())

    def _vendor_not(self) -> syntax.Node:
        start = self.starts[self.at]
        self.at += 1
        operand = self.expression(_POSTFIX)
        end = operand.end
        inner = self.text[operand.start : end]
        if (operand.start, end) in self.enclosed:
            inner = inner[1:-1]
        self.vendor(start, end, "!", "not(…)", f"not({inner})")
        callee = syntax.Name(start, start + 1, "not")
        return syntax.Call(start, end, callee, (operand,))

    # -- operands ------------------------------------------------------------------------------------------------

    def primary(self) -> syntax.Node:
        """Read a literal, a name, or a phrase in brackets or after a keyword."""
        at = self.at
        kind, text = self.kinds[at], self.texts[at]
        start, end = self.starts[at], self.ends[at]
        if kind == WORD:
            return self._word(text, start, end)
        if kind == NUMBER:
            self.at += 1
            return syntax.Literal(start, end, self._literal(parse_number, text, at), NUMBER_TYPE)
        if kind == TEXT:
            self.at += 1
            return syntax.Literal(start, end, self._literal(unquote, text, at), STRING)
        if kind == SYMBOL:
            if text == "(":
                return self._parenthesis(start)
            if text in {"[", "]"}:
                return self._bracket(start, text)
            if text == "{":
                return self._context(start)
            if text == "@":
                return self._at_literal(start)
        self.fail("a value")

    def _literal(self, read, text: str, at: int):  # type: ignore[no-untyped-def]
        try:
            return read(text)
        except ValueError as error:
            fault = FormulaFault(code=WRONG_LITERAL, message=str(error), start=self.starts[at], end=self.ends[at])
            raise SyntaxFault(fault) from error

    def _at_literal(self, start: int) -> syntax.Node:
        self.at += 1
        at = self.at
        if self.kinds[at] != TEXT:
            self.fail('a date, time or duration in double quotes after `@`, as in @"2025-01-31"')
        self.at += 1
        value = self._literal(lambda token: parse_temporal(unquote(token)), self.texts[at], at)
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
            if self.texts[self.at] in {"x", "X"} and self._opens_operand(self.at + 1):
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
                elif text == "[" and not (self.range_ends and not self._opens_operand(self.at + 1)):
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

    # -- brackets ------------------------------------------------------------------------------------------------

    def _parenthesis(self, start: int) -> syntax.Node:
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

    def _bracket(self, start: int, text: str) -> syntax.Node:
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
        high = self.expression(_SUM)
        self.range_ends -= 1
        text = self.texts[self.at]
        if self.kinds[self.at] != SYMBOL or text not in {"]", ")", "["}:
            self.fail("`]`, `)` or `[` to close the range")
        self.at += 1
        return syntax.Range(start, self.ends[self.at - 1], low, high, included, text == "]")

    def _context(self, start: int) -> syntax.Node:
        self.at += 1
        outer, self.range_ends = self.range_ends, 0
        known = self.patterns
        entries: list[syntax.Entry] = []
        while not self.is_symbol("}"):
            entry_start = self.starts[self.at]
            name = self._key()
            entry_end = self.ends[self.at - 1]
            self.take(":", "after the name of the entry")
            value = self.expression()
            entries.append(syntax.Entry(name, value, entry_start, entry_end))
            self._know((name,))
            if not self.is_symbol(","):
                break
            self.at += 1
        self.take("}", "to close the context")
        if len(entries) < 2 or self.patterns is known:
            self.patterns = known if not entries else self.patterns
        self.range_ends = outer
        return syntax.Context(start, self.ends[self.at - 1], tuple(entries))

    def _key(self) -> str:
        if self.kinds[self.at] == TEXT:
            self.at += 1
            return str(self._literal(unquote, self.texts[self.at - 1], self.at - 1))
        if self.kinds[self.at] != WORD:
            self.fail("the name of an entry")
        first = self.at
        while not (self.is_symbol(":") or self.kinds[self.at] == END or self.texts[self.at] in {",", "}", "{"}):
            self.at += 1
        return _spelled(self, first, self.at)

    def _know(self, names: Iterable[str]) -> None:
        """Add names of several words; the patterns in use may be shared and are copied first."""
        several = [name for name in names if not name.isidentifier()]
        if several:
            self.patterns = {first: list(row) for first, row in self.patterns.items()}
            add_names(self.patterns, several)

    # -- phrases -------------------------------------------------------------------------------------------------

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
                self.at += 1
            if self.at == first or self.kinds[first] != WORD or self.kinds[self.at] == END:
                self.at = first
                self.fail("`name in list`")
            name = _spelled(self, first, self.at)
            end = self.ends[self.at - 1]
            self.at += 1
            source = self.expression()
            until = None
            if self.is_symbol(".."):
                self.at += 1
                until = self.expression()
            found.append(syntax.Iterator(name, source, until, self.starts[first], end))
            self._know((name,))
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
            name = _spelled(self, first, self.at)
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
        self._know(parameter.name for parameter in parameters)
        body = self.expression()
        return syntax.Function(start, body.end, tuple(parameters), body)

    def _external(self) -> Never:
        message = "a function cannot be written in another language here"
        remedy = "call it from a node of its own (custom code, sub flow) and read its result"
        start, end = self.starts[self.at], self.ends[self.at]
        raise SyntaxFault(FormulaFault(code=EXTERNAL_FUNCTION, message=message, start=start, end=end, help=remedy))

    def type_name(self) -> syntax.TypeName:
        """Read the name of a type, as after `instance of`."""
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH:
            self.fail("a type that nests less deeply")
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
        name = _spelled(self, first, self.at)
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
                keys.append(_spelled(self, first, self.at))
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


def _spelled(parser: Parser, first: int, last: int) -> str:
    """Give the name that some tokens spell: one space where any stood, none where none did."""
    name = parser.texts[first]
    for at in range(first + 1, last):
        name += ("" if parser.ends[at - 1] == parser.starts[at] else " ") + parser.texts[at]
    return name


_OPENERS: Final = {"then": "if", "else": "if", "return": "for", "satisfies": "some"}
_PHRASES: Final = {
    "if": Parser.if_phrase,
    "for": Parser.for_phrase,
    "some": Parser.some_phrase,
    "every": Parser.every_phrase,
    "function": Parser.function_phrase,
}
_TYPE_WORDS: Final = (
    ("years", "and", "months", "duration"),
    ("days", "and", "time", "duration"),
    ("date", "and", "time"),
    ("function",),
)
