"""Functions on contexts; none changes the context it is given."""

from typing import Final

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.signature import BuiltIn, Signature, takes
from microflow_runtime.feel.types import ANY, ANY_CONTEXT, STRING, ContextType, ListType
from microflow_runtime.feel.values import Value, type_word

_ENTRIES: Final = ListType(ContextType("", (("key", STRING), ("value", ANY))))


def get_value(context: dict[str, Value], key: str) -> Value:
    """Give the value of an entry, null where there is none."""
    return context.get(key)


def get_entries(context: dict[str, Value]) -> list[Value]:
    """Give the entries as contexts of key and value."""
    limits.spend(len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


def make_context(entries: list[Value]) -> dict[str, Value]:
    """Make a context of entries, each with key and value."""
    limits.spend(len(entries))
    made: dict[str, Value] = {}
    for entry in entries:
        if type(entry) is not dict or "value" not in entry or type(entry.get("key")) is not str:
            raise Failure("each entry has to be a context with a `key` of type string and a `value`")
        key = entry["key"]
        if key in made:
            raise Failure(f"the key {key!r} occurs twice")
        made[key] = entry["value"]
    return made


def put(context: dict[str, Value], key: str, value: Value) -> dict[str, Value]:
    """Give the context with one entry added or replaced."""
    limits.spend(len(context) + 1)
    return {**context, key: value}


def put_nested(context: dict[str, Value], keys: list[Value], value: Value) -> dict[str, Value]:
    """Give the context with an entry set deep inside."""
    if not keys:
        raise Failure("`context put` takes at least one key")
    first = keys[0]
    if type(first) is not str:
        raise Failure(f"a key is a string, not {type_word(first)}")
    if len(keys) == 1:
        return put(context, first, value)
    inner = context.get(first)
    if type(inner) is not dict:
        raise Failure(f"the entry {first!r} is no context")
    return put(context, first, put_nested(inner, keys[1:], value))


def merge(contexts: list[Value]) -> dict[str, Value]:
    """Give the entries of all contexts; of equal keys the last one stays."""
    made: dict[str, Value] = {}
    for context in contexts:
        if type(context) is not dict:
            raise Failure(f"`context merge` takes a list of contexts, not of {type_word(context)}")
        limits.spend(len(context))
        made.update(context)
    return made


_CONTEXT: Final = takes("context", ANY_CONTEXT)
_KEY: Final = takes("key", STRING)
_M: Final = takes("m", ANY_CONTEXT)

CONTEXTS: Final = (
    BuiltIn(
        "get value", "Gives the value of an entry, null where there is none.",
        (Signature((_M, _KEY), ANY, get_value),), (('get value({key1: "value1"}, "key1")', '"value1"'),),
    ),
    BuiltIn(
        "get entries", "Gives the entries of a context as a list of contexts with `key` and `value`.",
        (Signature((_M,), _ENTRIES, get_entries),), (("get entries({a: 1})", '[{key: "a", value: 1}]'),),
    ),
    BuiltIn(
        "context", "Makes a context of a list of entries with `key` and `value`.",
        (Signature((takes("entries", ListType(ANY_CONTEXT)),), ANY_CONTEXT, make_context),),
        (('context([{key: "a", value: 1}, {key: "b", value: 2}])', "{a: 1, b: 2}"),),
    ),
    BuiltIn(
        "context put", "Gives the context with one entry added or replaced, also deep inside.",
        (
            Signature((_CONTEXT, _KEY, takes("value", ANY)), ANY_CONTEXT, put),
            Signature((_CONTEXT, takes("keys", ListType(STRING)), takes("value", ANY)), ANY_CONTEXT, put_nested),
        ),
        (('context put({x: 1}, "y", 2)', "{x: 1, y: 2}"), ('context put({x: 1, y: {a: 0}}, ["y", "a"], 2)', "{x: 1, y: {a: 2}}")),
    ),
    BuiltIn(
        "context merge", "Gives the entries of all contexts; of equal keys the last one stays.",
        (Signature((takes("contexts", ListType(ANY_CONTEXT)),), ANY_CONTEXT, merge),),
        (("context merge([{x: 1}, {y: 2}])", "{x: 1, y: 2}"),),
    ),
)  # fmt: skip
