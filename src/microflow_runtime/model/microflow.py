"""A microflow as its author wrote it: nodes and links. What the compiler makes of it is a Plan, a run of that an Execution."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from microflow_runtime.model.type_ref import TypeRef


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A way out of a gateway. `when` is the text of a formula without its `=`; `otherwise` marks the default link."""

    to: str
    label: str = ""
    when: str | None = None
    otherwise: bool = False


class Catch(msgspec.Struct, frozen=True, kw_only=True):
    """A way out of a node on an error of one of the kinds `error`, or when `after_seconds` have passed."""

    to: str
    error: tuple[str, ...] = ()
    after_seconds: float | None = None
    out: dict[str, Any] = {}


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How a failed node is tried again: `times` more tries, waiting `wait_seconds`, each wait `factor` times the last."""

    times: int
    wait_seconds: float = 0.0
    factor: float = 1.0


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A box of the flow. `settings` are the keys that belong to its type, as written; `inputs` and `outputs` its mappings.

    A mapping's key is a target (`Rate.value`), its value a formula (text that begins with `=`) or a literal. `bodies` are
    the nodes inside it: those of a loop under `""`, those of a branch under the branch's name; `variables` are its own,
    which only the nodes inside see.
    """

    name: str
    type: str
    settings: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    next: str | None = None
    links: tuple[Link, ...] = ()
    catches: tuple[Catch, ...] = ()
    timeout_seconds: float | None = None
    retry: Retry | None = None
    bodies: dict[str, dict[str, "Node"]] = {}
    variables: dict[str, TypeRef] = {}
    title: str = ""
    description: str = ""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a flow tightens for itself; None leaves the server's limit. Times in seconds, sizes in bytes."""

    execution_seconds: float | None = None
    steps: int | None = None
    total_steps: int | None = None
    loop_turns: int | None = None
    depth: int | None = None
    rows: int | None = None
    reply_bytes: int | None = None


class FlowTest(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a flow with what it must answer: outputs, or a part of the sentence it fails with."""

    name: str
    input: dict[str, Any] = {}
    expected: dict[str, Any] | None = None
    expected_error: str | None = None


class Microflow(msgspec.Struct, frozen=True, kw_only=True):
    """One flow.

    `id` is the vendor's uniqueId. `anonymous_as` names the service account that callers without a session
    run as, where the operator grants it; `runs_as` the account that it runs as for everybody.
    """

    name: str
    id: str
    inputs: dict[str, TypeRef] = {}
    outputs: dict[str, TypeRef] = {}
    variables: dict[str, TypeRef] = {}
    nodes: dict[str, Node] = {}
    anonymous_as: str | None = None
    runs_as: str | None = None
    limits: Limits = Limits()
    description: str = ""
    tests: tuple[FlowTest, ...] = ()

    def every_node(self) -> Iterator[Node]:
        """Give all nodes, those inside others as well, each before those inside it."""
        return _with_inner(self.nodes)


def _with_inner(nodes: Mapping[str, Node]) -> Iterator[Node]:
    for node in nodes.values():
        yield node
        for body in node.bodies.values():
            yield from _with_inner(body)
