"""Tests of the keys that all nodes have."""

from decimal import Decimal

import pytest

from microflow_runtime.compiler.reading.definitions import define
from microflow_runtime.compiler.reading.documents import parse
from microflow_runtime.errors import Fault
from microflow_runtime.model.microflow import Catch, Link, Microflow, Node, Retry


def read(node: str) -> tuple[Node | None, tuple[Fault, ...]]:
    """Read a flow whose one node is written in flow style."""
    document, faults = parse("microflow", "f.yaml", f"microflow: F\nid: a\nnodes:\n  N: {node}\n".encode())
    assert document is not None
    assert faults == ()
    flow, faults = define(document)
    return (flow.nodes["N"] if isinstance(flow, Microflow) else None), faults


def test_common_keys_fill_the_record_and_the_rest_are_settings() -> None:
    """Every key goes where it belongs; settings stay as they were written."""
    node, faults = read(
        "{type: rest, title: T, description: D, next: M, in: {a: = x}, out: {R.v: 1.50}, timeout: 2s, "
        "retry: {times: 3, wait: 200ms, factor: 1.5}, "
        "catch: [{error: [http, timeout], out: {R.v: 1}, to: M}, {error: database, to: M}, {after: 5s, to: M}], "
        "path: '/r/{c}', limit: 5, deep: {x: [no]}}"
    )
    assert faults == ()
    assert node == Node(
        name="N",
        type="rest",
        title="T",
        description="D",
        next="M",
        inputs={"a": "= x"},
        outputs={"R.v": Decimal("1.50")},
        timeout_seconds=2.0,
        retry=Retry(times=3, wait_seconds=0.2, factor=1.5),
        catches=(
            Catch(to="M", error=("http", "timeout"), out={"R.v": 1}),
            Catch(to="M", error=("database",)),
            Catch(to="M", after_seconds=5.0),
        ),
        settings={"path": "/r/{c}", "limit": 5, "deep": {"x": ["no"]}},
    )


def test_links_are_read_in_order() -> None:
    """A condition loses its mark, and the link for the rest is known."""
    node, faults = read("{type: gateway, links: [{label: l, when: = a != null, to: A}, {otherwise: true, to: B}]}")
    assert faults == ()
    assert node is not None
    assert node.links == (Link(to="A", label="l", when=" a != null"), Link(to="B", otherwise=True))


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ("{next: A}", "MF-D011"),
        ("{type: 5}", "MF-D012"),
        ("{type: a, next: A, links: [{otherwise: true, to: B}]}", "MF-D017"),
        ("{type: a, links: [{to: B}]}", "MF-D017"),
        ("{type: a, links: [{when: = x, otherwise: true, to: B}]}", "MF-D017"),
        ("{type: a, links: [{otherwise: true, to: B}, {otherwise: true, to: C}]}", "MF-D017"),
        ("{type: a, links: [{when: x, to: B}]}", "MF-D019"),
        ("{type: a, links: [{when: = x}]}", "MF-D011"),
        ("{type: a, links: []}", "MF-D016"),
        ("{type: a, catch: [{to: B}]}", "MF-D017"),
        ("{type: a, catch: [{error: x, after: 1s, to: B}]}", "MF-D017"),
        ("{type: a, catch: [{error: [], to: B}]}", "MF-D016"),
        ("{type: a, catch: [{error: x, too: B, to: B}]}", "MF-D010"),
        ("{type: a, timeout: 5}", "MF-D015"),
        ("{type: a, retry: {wait: 1s}}", "MF-D011"),
        ("{type: a, retry: {times: 1, factor: 0.5}}", "MF-D016"),
        ("{type: a, out: {a..b: 1}}", "MF-D018"),
        ("{type: a, out: [1]}", "MF-D012"),
        ("x", "MF-D012"),
    ],
)
def test_a_wrong_common_key_is_a_fault(node: str, code: str) -> None:
    """What all nodes share is checked whatever the type."""
    _, faults = read(node)
    assert [fault.code for fault in faults] == [code]


def test_a_fault_beside_another_key_shows_that_key() -> None:
    """Where two keys exclude each other, the first is named as the declaration."""
    _, faults = read("{type: a, next: A, links: [{otherwise: true, to: B}]}")
    assert faults[0].declared is not None
    assert (faults[0].declared.line, faults[0].declared.column) == (4, 16)
