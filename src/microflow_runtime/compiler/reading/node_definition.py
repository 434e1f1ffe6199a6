"""The keys that every node of a flow may have. All further keys belong to its type and are checked by the type's declaration."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.findings import Findings, KeyPath, key_words
from microflow_runtime.compiler.reading.shapes import (
    BAD,
    Anything,
    ListOf,
    MapOf,
    Record,
    Schema,
    Text,
    Truth,
    Whole,
    key,
)
from microflow_runtime.compiler.reading.words import NODE_NAME, SCOPE_NAME, Condition, Duration, Target, Type
from microflow_runtime.model.microflow import Catch, Link, Node, Retry

_MAX_FACTOR: Final = 100


class Factor(msgspec.Struct, frozen=True):
    """A number from 1 to 100 by which a wait grows. Read as a float."""

    example: str = "2"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            findings.wrong_kind(path, "a number", value)
            return BAD
        if not 1 <= value <= _MAX_FACTOR:
            findings.add(
                fault_codes.BAD_VALUE,
                f"{key_words(path)} is {value}; it takes 1 to {_MAX_FACTOR}",
                path,
                found=str(value),
            )
            return BAD
        return float(value)

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "number", "minimum": 1, "maximum": _MAX_FACTOR}


def _one_of_two(first: str, second: str) -> Any:
    """Make the check that exactly one of two keys is there."""

    def check(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
        has_first, has_second = written.get(first) is not None, written.get(second) is not None
        if has_first and has_second:
            message = f"{key_words(path)} has both `{first}` and `{second}`"
            findings.add(
                fault_codes.KEYS_DISAGREE,
                message,
                (*path, second),
                at_key=True,
                help="keep one of the two",
                declared=(*path, first),
            )
        elif not has_first and not has_second:
            message = f"{key_words(path)} has neither `{first}` nor `{second}`"
            findings.add(fault_codes.KEYS_DISAGREE, message, path, help=f"add `{first}` or `{second}`")

    return check


def _one_way_on(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    """Check that a node goes on by `next` or by `links`, not by both, and has one link for the rest."""
    if written.get("next") is not None and written.get("links") is not None:
        message = f"{key_words(path)} has both `next` and `links`"
        findings.add(
            fault_codes.KEYS_DISAGREE,
            message,
            (*path, "links"),
            at_key=True,
            help="keep one of the two",
            declared=(*path, "next"),
        )
    links = written.get("links")
    rest = (
        [at for at, link in enumerate(links) if isinstance(link, dict) and link.get("otherwise") is True]
        if isinstance(links, list)
        else []
    )
    for position in rest[1:]:
        here = (*path, "links", position, "otherwise")
        findings.add(
            fault_codes.KEYS_DISAGREE,
            "A gateway has one link for the rest",
            here,
            at_key=True,
            declared=(*path, "links", rest[0], "otherwise"),
        )


MAPPINGS: Final = MapOf(value=Anything(), key=Target())

LINK: Final = Record(
    keys=(
        key("label", Text(), "The words on the link."),
        key("when", Condition(), "The condition under which the link is taken, a formula."),
        key("otherwise", Truth(), "True for the link that is taken when no other is."),
        key("to", NODE_NAME, "The node it leads to.", required=True),
    ),
    build=Link,
    check=_one_of_two("when", "otherwise"),
)

CATCH: Final = Record(
    keys=(
        key(
            "error",
            ListOf(item=Text(empty=False, example="database"), lone=True, empty=False),
            "The kinds of error it takes.",
        ),
        key(
            "after",
            Duration(),
            "The time after which a node that is still at work is stopped.",
            attribute="after_seconds",
        ),
        key("out", MAPPINGS, "What is written on the way out; formulas see `error`."),
        key("to", NODE_NAME, "The node it leads to.", required=True),
    ),
    build=Catch,
    check=_one_of_two("error", "after"),
)

RETRY: Final = Record(
    keys=(
        key("times", Whole(least=1, most=100), "How many more tries there are after the first.", required=True),
        key("wait", Duration(zero=True), "The time before the second try.", attribute="wait_seconds"),
        key("factor", Factor(), "By what each wait is longer than the last."),
    ),
    build=Retry,
)


class InnerNodes(msgspec.Struct, frozen=True):
    """The nodes inside a node, by name; each is read as a node of the flow is."""

    example: str = "{…}"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        return MapOf(value=NODE, key=NODE_NAME, empty=False, what="node").read(value, path, findings)

    def schema(self) -> Schema:
        """See Shape. The schema of a node is a definition of its own, for it holds itself."""
        return {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/node"}}


def _build_node(nodes: Any = None, branches: Any = None, **attributes: Any) -> Node:
    """Make a node, whose bodies are written at `nodes` or at `branches`."""
    bodies = {**({"": nodes} if nodes else {}), **(branches or {})}
    return Node(bodies=bodies, **attributes)


INSIDE: Final = ("nodes", "branches", "variables")
"""The keys of nodes that have others inside."""

NODE: Final = Record(
    keys=(
        key("type", Text(empty=False, example="mapping"), "The kind of node.", required=True),
        key("title", Text(), "What the diagram shows instead of the name."),
        key("description", Text(), "What the node is for."),
        key("next", NODE_NAME, "The node that comes next."),
        key(
            "links",
            ListOf(item=LINK, empty=False),
            "The ways out, tried in order; the first whose condition is true is taken.",
        ),
        key("catch", ListOf(item=CATCH), "The ways out on an error or after a time.", attribute="catches"),
        key(
            "in",
            MapOf(value=Anything()),
            "What goes into the node: names and their formulas or literals.",
            attribute="inputs",
        ),
        key(
            "out", MAPPINGS, "What comes out: targets in the flow and their formulas or literals.", attribute="outputs"
        ),
        key("timeout", Duration(), "The time the node has.", attribute="timeout_seconds"),
        key("retry", RETRY, "How it is tried again when it fails."),
        key("nodes", InnerNodes(), "The nodes of each turn of a loop, from a `start` to an `end` of their own."),
        key(
            "branches",
            MapOf(value=InnerNodes(), key=NODE_NAME, empty=False, what="branch"),
            "The branches by name, each with nodes from a `start` to an `end` of its own.",
        ),
        key(
            "variables",
            MapOf(value=Type(), key=SCOPE_NAME),
            "What each turn of a loop keeps while it runs; every turn begins without.",
        ),
    ),
    build=_build_node,
    others="settings",
    named_by_key=True,
    check=_one_way_on,
)
