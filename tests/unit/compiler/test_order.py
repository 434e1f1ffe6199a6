"""The order in which nodes are looked at."""

import pytest

from microflow_runtime.compiler.order import NodeOrder
from microflow_runtime.model.microflow import Link, Node


def _nodes(**links: str) -> dict[str, Node]:
    kinds = {"s": "start"}
    return {
        name: Node(name=name, type=kinds.get(name, "gateway"), links=tuple(Link(to=to) for to in targets))
        for name, targets in links.items()
    }


@pytest.mark.parametrize(
    ("links", "names", "rings", "led_back_to"),
    [
        ({"s": "a", "a": "b", "b": ""}, "sab", [], ""),
        ({"s": "a", "a": "bc", "b": "d", "c": "d", "d": ""}, "sacbd", [], ""),
        ({"s": "a", "a": "b", "b": "ac", "c": ""}, "sabc", [{"a", "b"}], "a"),
        ({"s": "a", "a": "ab", "b": ""}, "sab", [{"a"}], "a"),
        ({"s": "ab", "a": "b", "b": "ac", "c": "c"}, "sabc", [{"a", "b"}, {"c"}], "ac"),
        ({"s": "a", "a": "", "lost": "a"}, "sa", [], ""),
    ],
)
def test_each_node_comes_after_those_before_it(
    links: dict[str, str], names: str, rings: list[set[str]], led_back_to: str
) -> None:
    """Links that lead back are told, with the nodes of each ring; what the start does not reach is left out."""
    order = NodeOrder(_nodes(**links))
    assert "".join(order.names) == names
    assert [set(ring) for ring in order.rings] == rings
    assert {name for name in order.names if order.has_link_back(name)} == set(led_back_to)


def test_a_flow_of_many_nodes_in_a_row_is_ordered() -> None:
    """Depth of the graph is no depth of calls."""
    names = ["s", *(f"n{number}" for number in range(5_000))]
    nodes = {
        name: Node(
            name=name, type="start" if name == "s" else "mapping", next=names[index + 1] if index < 5_000 else None
        )
        for index, name in enumerate(names)
    }
    assert NodeOrder(nodes).names == names
