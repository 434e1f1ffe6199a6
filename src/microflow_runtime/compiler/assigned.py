"""Which outputs of a flow are surely written when it has come to an end, as its callers may expect.

Told by the definition alone: a caller knows a callee's nodes and not what its formulas give.
"""

from collections.abc import Iterator, Mapping

from microflow_runtime.compiler.graph import targets_of
from microflow_runtime.model.microflow import Microflow, Node

Names = frozenset[str]


def targets_written(nodes: Mapping[str, Node]) -> Iterator[str]:
    """Give every left side of the lines of some nodes and their catches, those of nodes inside them as well."""
    for node in nodes.values():
        yield from targets_written_by(node)


def targets_written_by(node: Node) -> Iterator[str]:
    """Give every left side of the lines of a node and its catches, those of nodes inside it as well."""
    yield from node.outputs
    for catch in node.catches:
        yield from catch.out
    yield from targets_written_inside(node)


def targets_written_inside(node: Node) -> Iterator[str]:
    """Give every left side of the lines of the nodes inside a node."""
    for body in node.bodies.values():
        yield from targets_written(body)


def assigned_at_ends(flow: Microflow) -> Names:
    """Give what every way to an `end` node has written; a callee's outputs outside it may be missing."""
    there = frozenset(name for name, ref in flow.inputs.items() if not ref.is_optional)
    return _at_ends(flow.nodes, there) or frozenset()


def _before(nodes: Mapping[str, Node], at_start: Names) -> dict[str, Names]:
    """For each reachable node, give what every way to it has written."""
    start = next((name for name, node in nodes.items() if node.type == "start"), None)
    if start is None:
        return {}
    found = {start: at_start}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        node = nodes[name]
        before = found[name]
        after = _after(before, node)
        for path, target in targets_of(node):
            if target not in nodes:
                continue
            written = before | _roots(node.catches[int(path[1])].out) if path[0] == "catch" else after
            known = found.get(target)
            met = written if known is None else known & written
            if met != known:
                found[target] = met
                waiting.append(target)
    return found


def _after(before: Names, node: Node) -> Names:
    """Give what is written behind a node. All branches have run to an end by then; a loop may not have turned once."""
    branches = (body for name, body in node.bodies.items() if name)
    return before.union(_roots(node.outputs), *((_at_ends(body, before) or before) for body in branches))


def _at_ends(nodes: Mapping[str, Node], at_start: Names) -> Names | None:
    before = _before(nodes, at_start)
    ends = [names | _roots(nodes[name].outputs) for name, names in before.items() if nodes[name].type == "end"]
    return frozenset.intersection(*ends) if ends else None


def _roots(targets: Mapping[str, object]) -> Names:
    return frozenset(target.partition(".")[0] for target in targets)
