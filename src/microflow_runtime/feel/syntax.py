"""The syntax tree of a formula. `start` and `end` are offsets in its text; `type` is filled in by the checker."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from microflow_runtime.feel.types import ANY, Type


class Node(msgspec.Struct):
    """Any expression."""

    start: int
    end: int


class Literal(Node):
    """A constant: null, boolean, number, string, date, time, duration."""

    value: Any
    type: Type = ANY


class Name(Node):
    """A name in scope. `binding` is filled in by the checker: where its value comes from."""

    name: str
    type: Type = ANY
    binding: Any = None


class Path(Node):
    """`source.name`."""

    source: Node
    name: str
    type: Type = ANY


class Filter(Node):
    """`source[condition]`: by condition or by position."""

    source: Node
    condition: Node
    type: Type = ANY
    item: Any = None


class Call(Node):
    """`callee(arguments)`. `names` are the parameter names of a call by name, else None."""

    callee: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...] | None = None
    type: Type = ANY
    resolved: Any = None


class Negate(Node):
    """`-operand`."""

    operand: Node
    type: Type = ANY


class Binary(Node):
    """Arithmetic: `+ - * / **`."""

    operator: str
    left: Node
    right: Node
    type: Type = ANY


class Comparison(Node):
    """`= != < <= > >=`."""

    operator: str
    left: Node
    right: Node
    type: Type = ANY


class Logic(Node):
    """`and`, `or`."""

    operator: str
    left: Node
    right: Node
    type: Type = ANY


class Between(Node):
    """`value between low and high`."""

    value: Node
    low: Node
    high: Node
    type: Type = ANY


class Test(Node):
    """A unary test: `< 10`, `!= "a"`; inside parentheses a range of one end."""

    operator: str
    operand: Node
    type: Type = ANY


class In(Node):
    """`value in (tests)`. A test is a `Test`, a range, or an expression that is compared or holds the value."""

    value: Node
    tests: tuple[Node, ...]
    type: Type = ANY
    subject: Any = None


class Tests(Node):
    """A cell of unary tests over the value `?`: `-`, `not(< 10)`, `"a", "b"`. No tests at all always hold."""

    tests: tuple[Node, ...]
    negated: bool = False
    type: Type = ANY
    subject: Any = None


class Range(Node):
    """`[low..high]`, with round or turned brackets where an end is not part of it."""

    low: Node
    high: Node
    low_included: bool
    high_included: bool
    type: Type = ANY


class List(Node):
    """`[a, b]`."""

    items: tuple[Node, ...]
    type: Type = ANY


class Entry(msgspec.Struct):
    """One entry of a context, with the place of its key."""

    name: str
    value: Node
    start: int
    end: int
    binding: Any = None


class Context(Node):
    """`{a: 1, "b c": 2}`."""

    entries: tuple[Entry, ...]
    type: Type = ANY


class If(Node):
    """`if condition then … else …`."""

    condition: Node
    then: Node
    otherwise: Node
    type: Type = ANY


class Iterator(msgspec.Struct):
    """`name in source` of a loop; `until` is the end of a range written without brackets."""

    name: str
    source: Node
    until: Node | None
    start: int
    end: int
    binding: Any = None


class For(Node):
    """`for i in …, j in … return body`."""

    iterators: tuple[Iterator, ...]
    body: Node
    uses_partial: bool = False
    type: Type = ANY
    partial: Any = None


class Quantified(Node):
    """`some … satisfies …`, `every … satisfies …`."""

    every: bool
    iterators: tuple[Iterator, ...]
    condition: Node
    type: Type = ANY


class TypeName(Node):
    """A type as written after `instance of` or after a parameter: a name, with parts for list, range, context, function."""

    name: str
    parts: tuple["TypeName", ...] = ()
    keys: tuple[str, ...] = ()


class Parameter(msgspec.Struct):
    """A parameter of a function written in a formula."""

    name: str
    type: TypeName | None
    start: int
    end: int
    binding: Any = None
    resolved: Any = None


class Function(Node):
    """`function(a, b) body`."""

    parameters: tuple[Parameter, ...]
    body: Node
    type: Type = ANY
    captured: Any = ()
    itself: Any = None


class InstanceOf(Node):
    """`value instance of type`."""

    value: Node
    wanted: TypeName
    type: Type = ANY
    resolved: Any = None


_FILLED_IN: Final = frozenset({"type", "binding", "resolved", "item", "partial", "subject", "captured", "itself"})


def parts_of(part: object) -> Iterable[object]:
    """Give the parts a node, entry, iterator or tuple consists of, those that the checker filled in left out."""
    if isinstance(part, tuple):
        return part
    if isinstance(part, Node | Entry | Iterator | Parameter) and not isinstance(part, TypeName):
        return [getattr(part, field) for field in part.__struct_fields__ if field not in _FILLED_IN]
    return ()
