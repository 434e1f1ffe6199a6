"""Readers, adopters and writers of Business Objects with their loops unrolled: the work of every call is done here.

A function is made once for each sequence of kinds of field, from text in which nothing of a definition appears: names
and converters are arguments of the factory. Classes with the same kinds of fields share the code. Each comes in two
forms: for one value, and for a list of values, which leaves it to the form for one to say what is wrong with a value.
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
BOOLEAN: Final = "b"
"""A truth value without constraints: taken as it is."""
OTHER: Final = "o"
"""Anything else: handed to its converter."""
PLAIN: Final = "p"
"""A value that is JSON already and may be missing."""
NEEDED: Final = "q"
"""A value that is JSON already and must be there."""

_READ: Final = {
    TEXT: "v if type(v) is str else c{0}(v, notes)",
    DECIMAL: "v if type(v) is D else c{0}(v, notes)",
    INTEGER: "(S.get(v) or D(v)) if type(v) is int and -B < v < B else c{0}(v, notes)",
    BOOLEAN: "v if v is True or v is False else c{0}(v, notes)",
    OTHER: "c{0}(v, notes)",
}
_ADOPT: Final = {
    TEXT: "v if type(v) is str else c{0}(v)",
    DECIMAL: "v if type(v) is D and v.is_finite() else c{0}(v)",
    INTEGER: "v if type(v) is D and str(v).isdigit() else c{0}(v)",
    BOOLEAN: "v if v is True or v is False else c{0}(v)",
    OTHER: "c{0}(v)",
}
_WRITE: Final = {
    PLAIN: "v",
    NEEDED: "v if v is not None else c{0}(v)",
    OTHER: "c{0}(v)",
}
_SMALL: Final = {number: Decimal(number) for number in range(-100, 1_001)}
"""Numbers that are met again and again; making one costs more than finding it."""

Factory = Callable[..., Callable[..., Any]]


@lru_cache(maxsize=4096)
def reader_factory(kinds: str) -> Factory:
    """Give the factory of readers for fields of these kinds.

    Its arguments are the fields' names, their converters `(given, notes)`, and `failed(index, error)`, which is called
    with what a converter raised and must raise. `unknown(value, notes)` counts keys that are no field's.
    """
    lines = ["get = value.get", *_guarded(_taken(kinds, _READ, "get(n{0})", "at = {0}"), kinds)]
    lines += [f"if len(value) != {len(kinds)}:", "    unknown(value, notes)", f"return {_made_of(kinds)}"]
    return _made("value, notes", lines, kinds, "failed, unknown, M")


@lru_cache(maxsize=4096)
def list_reader_factory(kinds: str) -> Factory:
    """Give the factory of readers of lists; `failed(value, index)` is called with the value that does not fit and must raise.

    `one` is the reader of one value, for those that lack a field.
    """
    inner = [
        *_all_there(kinds, _READ, "one(value, notes)"),
        f"if len(value) != {len(kinds)}:",
        "    unknown(value, notes)",
    ]
    return _made("values, notes", _for_each(inner), kinds, "failed, unknown, M, one")


@lru_cache(maxsize=4096)
def adopter_factory(kinds: str) -> Factory:
    """Give the factory of adopters, which take a context over by the names of fields; arguments as for readers."""
    lines = ["get = value.get", *_guarded(_taken(kinds, _ADOPT, "get(n{0})", "at = {0}"), kinds)]
    return _made("value", [*lines, f"return {_made_of(kinds)}"], kinds, "failed, M")


@lru_cache(maxsize=4096)
def list_adopter_factory(kinds: str) -> Factory:
    """Give the factory of adopters of lists; arguments as for readers of lists."""
    return _made("values", _for_each(_all_there(kinds, _ADOPT, "one(value)")), kinds, "failed, M, one")


@lru_cache(maxsize=4096)
def writer_factory(kinds: str) -> Factory:
    """Give the factory of writers for fields of these kinds; arguments as for readers, converters take the value alone.

    A value whose fields are all JSON already goes out as it is.
    """
    if OTHER not in kinds:
        lines = [
            line
            for index in _needed(kinds)
            for line in (f"at = {index}", f"if value[n{index}] is None:", f"    c{index}(None)")
        ]
        return _made("value", [*_guarded(lines, "x" * len(lines)), "return value"], kinds, "failed, M")
    lines = _guarded(_taken(kinds, _WRITE, "value[n{0}]", "at = {0}"), kinds)
    return _made("value", [*lines, f"return {_made_of(kinds)}"], kinds, "failed, M")


@lru_cache(maxsize=4096)
def list_writer_factory(kinds: str) -> Factory:
    """Give the factory of writers of lists; arguments as for readers of lists."""
    if OTHER in kinds:
        inner = [*_taken(kinds, _WRITE, "value[n{0}]"), f"add({_made_of(kinds)})"]
        return _made("values", _for_each(inner), kinds, "failed, M, one")
    tests = " or ".join(f"value[n{index}] is None" for index in _needed(kinds))
    look = (
        ["for index, value in enumerate(values):", f"    if {tests}:", "        failed(value, index)"] if tests else []
    )
    return _made("values", [*look, "return values"], kinds, "failed, M, one")


def _needed(kinds: str) -> list[int]:
    return [index for index, kind in enumerate(kinds) if kind == NEEDED]


def _all_there(kinds: str, forms: dict[str, str], one: str) -> list[str]:
    """Give the lines that take a value in which every field is there; for another one the form for one value does it."""
    taken = _taken(kinds, forms, "value[n{0}]")
    if not kinds:
        return ["add({})"]
    return [
        "try:",
        *(f"    {line}" for line in taken),
        "except KeyError:",
        f"    add({one})",
        "    continue",
        f"add({_made_of(kinds)})",
    ]


def _taken(kinds: str, forms: dict[str, str], look: str, before: str = "") -> list[str]:
    """Give the lines that take each field's value into a variable of its own."""
    lines = []
    for index, kind in enumerate(kinds):
        lines += [before.format(index)] if before else []
        lines += [f"v = {look.format(index)}", f"v{index} = {forms[kind].format(index)}"]
    return lines


def _guarded(lines: list[str], kinds: str) -> list[str]:
    """Put lines under a guard that tells which field a misfit is of."""
    if not kinds:
        return []
    return ["at = 0", "try:", *(f"    {line}" for line in lines), "except M as error:", "    failed(at, error)"]


def _for_each(inner: list[str]) -> list[str]:
    """Put lines into a loop over values that are dicts."""
    return [
        "result = []",
        "add = result.append",
        "try:",
        "    for value in values:",
        "        if type(value) is not dict:",
        "            failed(value, len(result))",
        *(f"        {line}" for line in inner),
        "except M:",
        "    failed(values[len(result)], len(result))",
        "return result",
    ]


def _made_of(kinds: str) -> str:
    return "{" + ", ".join(f"n{index}: v{index}" for index in range(len(kinds))) + "}"


def _made(parameters: str, body: list[str], kinds: str, extra: str) -> Factory:
    names = [f"n{index}" for index in range(len(kinds))]
    converters = [f"c{index}" for index in range(len(kinds))]
    head = f"def make({', '.join([*names, *converters])}{', ' if kinds else ''}{extra}):"
    inner = [f"    def convert({parameters}):", *(f"        {line}" for line in body), "    return convert"]
    room: dict[str, Any] = {"D": Decimal, "B": INT_BOUND, "S": _SMALL}
    exec("\n".join([head, *inner]), room)  # noqa: S102 - the text is made of numbered names only
    factory: Factory = room["make"]
    return factory
