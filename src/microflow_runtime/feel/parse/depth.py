"""Keeps trees shallow: long chains of `and` or `or` are balanced, and what is still too deep is refused."""

from typing import Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.faults import TOO_LARGE, FormulaFault
from microflow_runtime.feel.lexer import SyntaxFault

LONG_CHAIN: Final = 16
"""Longer chains of `and` or `or` are balanced."""

MAXIMUM_LEVELS: Final = 120
"""How many levels a tree may have, so that neither checking nor compiling runs out of stack."""

_SHORT_TEXT: Final = 2 * MAXIMUM_LEVELS
"""A text so short cannot hold a deeper tree."""


def balanced(node: syntax.Node) -> syntax.Node:
    """Give a chain of one logical operator as a tree of little depth; the parts keep their order."""
    if not isinstance(node, syntax.Logic):
        return node
    parts: list[syntax.Node] = []
    rest: syntax.Node = node
    while isinstance(rest, syntax.Logic) and rest.operator == node.operator:
        parts.append(rest.right)
        rest = rest.left
    parts.append(balanced(rest))
    parts.reverse()
    return _tree(node.operator, parts)


def _tree(operator: str, parts: list[syntax.Node]) -> syntax.Node:
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = _tree(operator, parts[:middle]), _tree(operator, parts[middle:])
    return syntax.Logic(left.start, right.end, operator, left, right)


def check_depth(tree: syntax.Node, text: str) -> None:
    """Refuse a tree that is too deep.

    Raises SyntaxFault at the part where it gets too deep.
    """
    if len(text) <= _SHORT_TEXT:
        return
    waiting: list[tuple[object, int]] = [(tree, 1)]
    while waiting:
        part, level = waiting.pop()
        if isinstance(part, syntax.Node):
            if level > MAXIMUM_LEVELS:
                message = f"the formula has parts inside parts over more than {MAXIMUM_LEVELS} levels"
                remedy = "cut it into several formulas, or use `sum([…])` for a long sum"
                raise SyntaxFault(
                    FormulaFault(code=TOO_LARGE, message=message, start=part.start, end=part.end, help=remedy)
                )
            level += 1
        waiting.extend((inner, level) for inner in syntax.parts_of(part))
