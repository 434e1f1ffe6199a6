"""Readers and writers of Business Objects with their loops unrolled: the work of every call is done here.

A function is made once for each sequence of kinds of field, from text in which nothing of a definition appears: names
and converters are arguments of the factory. Classes with the same kinds of fields share the code.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from microflow_runtime.compiler.business_objects.json_door import INT_BOUND

TEXT: Final = "t"
"""A text without constraints: taken as it is."""
DECIMAL: Final = "d"
"""A decimal without constraints: taken as it is; the door has checked its bounds."""
INTEGER: Final = "i"
"""An integer without constraints: made a Decimal when it is written without fraction and exponent."""
OTHER: Final = "o"
"""Anything else: handed to its converter."""
PLAIN: Final = "p"
"""A value that is JSON already and may be missing."""
NEEDED: Final = "q"
"""A value that is JSON already and must be there."""
NUMBER: Final = "n"
"""A number: it goes out as it is when its text has no exponent."""

_READ: Final = {
    TEXT: "v if type(v) is str else r{0}(v, notes)",
    DECIMAL: "v if type(v) is D else r{0}(v, notes)",
    INTEGER: "D(v) if type(v) is int and -B < v < B else r{0}(v, notes)",
    OTHER: "r{0}(v, notes)",
}
_WRITE: Final = {
    PLAIN: "v",
    NEEDED: "v if v is not None else w{0}(v)",
    NUMBER: "v if type(v) is D and 'E' not in str(v) else w{0}(v)",
    OTHER: "w{0}(v)",
}
_NO_FIELDS: Final = ("        pass",)
"""What stands under `try` where a Business Object has no fields."""

Factory = Callable[..., Callable[..., dict[str, Any]]]


@lru_cache(maxsize=4096)
def reader_factory(kinds: str) -> Factory:
    """Give the factory of readers for fields of these kinds.

    Its arguments are the fields' names, their converters `(given, notes)`, and `failed(index, error)`,
    which is called with what a converter raised and must raise. The reader counts keys that are no field's in `notes`.
    """
    lines = ["    get = value.get", "    at = 0", "    try:"]
    for index, kind in enumerate(kinds):
        lines += [
            f"        at = {index}",
            f"        v = get(n{index})",
            f"        v{index} = {_READ[kind].format(index)}",
        ]
    lines += [*_NO_FIELDS[: not kinds], "    except M as error:", "        failed(at, error)"]
    lines += [f"    if len(value) != {len(kinds)}:", "        unknown(value, notes)"]
    pairs = ", ".join(f"n{index}: v{index}" for index in range(len(kinds)))
    return _made("value, notes", [*lines, f"    return {{{pairs}}}"], kinds, "r", "failed, unknown, M")


@lru_cache(maxsize=4096)
def writer_factory(kinds: str) -> Factory:
    """Give the factory of writers for fields of these kinds; arguments as for readers, converters take the value alone."""
    lines = ["    at = 0", "    try:"]
    for index, kind in enumerate(kinds):
        lines += [
            f"        at = {index}",
            f"        v = value[n{index}]",
            f"        v{index} = {_WRITE[kind].format(index)}",
        ]
    lines += [*_NO_FIELDS[: not kinds], "    except M as error:", "        failed(at, error)"]
    pairs = ", ".join(f"n{index}: v{index}" for index in range(len(kinds)))
    return _made("value", [*lines, f"    return {{{pairs}}}"], kinds, "w", "failed, M")


def _made(parameters: str, body: list[str], kinds: str, letter: str, extra: str) -> Factory:
    names = [f"n{index}" for index in range(len(kinds))]
    converters = [f"{letter}{index}" for index in range(len(kinds))]
    head = f"def make({', '.join([*names, *converters])}{', ' if kinds else ''}{extra}):"
    inner = [f"    def convert({parameters}):", *(f"    {line}" for line in body), "    return convert"]
    room: dict[str, Any] = {"D": Decimal, "B": INT_BOUND}
    exec("\n".join([head, *inner]), room)  # noqa: S102 - the text is made of numbered names only
    factory: Factory = room["make"]
    return factory
