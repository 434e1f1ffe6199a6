"""Where the value of a name comes from. The checker puts one of these into each name; the emitter reads it."""

from typing import Any

from microflow_runtime.feel.functions.signature import BuiltIn
from microflow_runtime.feel.types import ANY, Type


class ScopeName:
    """A name of the scope the formula is bound to."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Local:
    """A name that the formula declares itself: loop variable, parameter, context entry, `item`, `partial`, `?`."""

    __slots__ = ("depth", "name", "type", "used")

    def __init__(self, name: str, kind: Type = ANY, depth: int = 0) -> None:
        self.name = name
        self.type = kind
        self.depth = depth
        self.used = False


class ItemField:
    """A field of the item that a filter looks at."""

    __slots__ = ("item", "name")

    def __init__(self, item: Local, name: str) -> None:
        self.item = item
        self.name = name


class PerhapsItemField:
    """A field of the item where the item has one of this name, else what the name means outside the filter."""

    __slots__ = ("item", "name", "otherwise")

    def __init__(self, item: Local, name: str, otherwise: Any) -> None:
        self.item = item
        self.name = name
        self.otherwise = otherwise


class FunctionName:
    """A built-in function."""

    __slots__ = ("function",)

    def __init__(self, function: BuiltIn) -> None:
        self.function = function
