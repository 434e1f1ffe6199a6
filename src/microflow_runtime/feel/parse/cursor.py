"""Where a reading stands in its tokens, and the small steps that every phrase is read with."""

from collections.abc import Iterable
from typing import Final, Never

from microflow_runtime.feel import syntax
from microflow_runtime.feel.faults import SYNTAX, TOO_LARGE, VENDOR_SPELLING, FormulaFault
from microflow_runtime.feel.lexer import END, SYMBOL, WORD, SyntaxFault, tokenize
from microflow_runtime.feel.names import Patterns, add_names

MAXIMUM_DEPTH: Final = 60
"""How deep phrases may nest."""

OR, AND, COMPARISON, SUM, PRODUCT, POWER, POSTFIX = range(1, 8)
"""How tightly operators bind, from loose to tight."""

_OPENERS: Final = {"then": "if", "else": "if", "return": "for", "satisfies": "some"}


class Cursor:
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

    def deeper(self) -> None:
        """Go one level deeper."""
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH:
            message = f"the formula nests deeper than {MAXIMUM_DEPTH} levels"
            start = self.starts[self.at]
            raise SyntaxFault(FormulaFault(code=TOO_LARGE, message=message, start=start, end=start + 1))

    def spelled(self, first: int, last: int) -> str:
        """Give the name that some tokens spell: one space where any stood, none where none did."""
        name = self.texts[first]
        for at in range(first + 1, last):
            name += ("" if self.ends[at - 1] == self.starts[at] else " ") + self.texts[at]
        return name

    def know(self, names: Iterable[str]) -> None:
        """Add names of several words; the patterns in use may be shared and are copied first."""
        several = [name for name in names if not name.isidentifier()]
        if several:
            self.patterns = {first: list(row) for first, row in self.patterns.items()}
            add_names(self.patterns, several)

    def expression(self, least: int = OR) -> syntax.Node:
        """Read an expression whose operators bind at least so tightly."""
        raise NotImplementedError

    def test(self, *, inside: bool = False) -> syntax.Node:
        """Read one unary test."""
        raise NotImplementedError
