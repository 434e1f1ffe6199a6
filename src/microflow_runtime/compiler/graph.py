"""The shape of a flow: where its links lead, what can be reached, whether there is a way to an end."""

from collections.abc import Mapping

from microflow_runtime.compiler.faults import FaultList, Path, did_you_mean
from microflow_runtime.compiler.library import NodeDeclaration
from microflow_runtime.model.microflow import Node


def targets_of(node: Node) -> list[tuple[tuple[str | int, ...], str]]:
    """List the ways out of a node as (path inside the node's definition, name of the target)."""
    ways: list[tuple[tuple[str | int, ...], str]] = []
    if node.next is not None:
        ways.append((("next",), node.next))
    ways += [(("links", index, "to"), link.to) for index, link in enumerate(node.links)]
    ways += [(("catch", index, "to"), catch.to) for index, catch in enumerate(node.catches)]
    return ways


def check_graph(
    nodes: Mapping[str, Node], here: Path, types: Mapping[str, NodeDeclaration], faults: FaultList, what: str = "flow"
) -> None:
    """Report missing targets, a missing or second start, nodes that nothing leads to, and nodes without a way to an end.

    `nodes` stand at `here` in the definition; `what` is the word for what they make up. A link leads to a node of the
    same `nodes` only, so that none crosses the border of a loop or a branch.
    """
    loose = set()
    for name, node in nodes.items():
        for path, target in targets_of(node):
            if target not in nodes:
                loose.add(name)
                faults.add(
                    "MF-D051",
                    f'There is no node "{target}"{"" if what == "flow" else f" in the {what}"}.',
                    (*here, name, *path),
                    help=did_you_mean(target, nodes),
                )
        if not _check_exits(node, here, types, faults):
            loose.add(name)
    starts = [name for name, node in nodes.items() if node.type == "start"]
    if not starts:
        faults.add("MF-D052", f"The {what} has no start node.", here, at_key=True, help="add a node with `type: start`")
        return
    for name in starts[1:]:
        faults.add(
            "MF-D052",
            f'The {what} has a second start, "{name}"; the first is "{starts[0]}".',
            (*here, name),
            at_key=True,
        )
    _check_reach(nodes, here, starts[0], types, faults, loose, what)


def _check_exits(node: Node, around: Path, types: Mapping[str, NodeDeclaration], faults: FaultList) -> bool:
    """Report ways out that are missing or too many; False when the way on is missing."""
    declared = types.get(node.type)
    if declared is None:
        return bool(targets_of(node))
    here = (*around, node.name)
    if declared.exits == "next" and node.next is None:
        faults.add(
            "MF-D053",
            f'The node "{node.name}" does not say where the flow goes on.',
            here,
            at_key=True,
            help="add `next: NODE`",
        )
    if declared.exits != "next" and node.next is not None:
        faults.add("MF-D054", f"A {node.type} node takes no `next`.", (*here, "next"), at_key=True)
    if declared.exits == "links" and not node.links:
        faults.add(
            "MF-D053",
            f'The {node.type} "{node.name}" has no links.',
            here,
            at_key=True,
            help="add `links:` with at least one link",
        )
    if declared.exits != "links" and node.links:
        faults.add("MF-D054", f"A {node.type} node takes no `links`.", (*here, "links"), at_key=True)
    return declared.exits == "none" or bool(node.next if declared.exits == "next" else node.links)


def _check_reach(
    nodes: Mapping[str, Node],
    here: Path,
    start: str,
    types: Mapping[str, NodeDeclaration],
    faults: FaultList,
    loose: set[str],
    what: str,
) -> None:
    """Report what cannot be reached and what never ends. Where a `loose` end leads nobody knows: it may be anywhere."""
    forward = {name: [target for _, target in targets_of(node) if target in nodes] for name, node in nodes.items()}
    backward: dict[str, list[str]] = {name: [] for name in nodes}
    for name, targets in forward.items():
        for target in targets:
            backward[target].append(name)
    reached = _walk([start], forward)
    ends = [name for name, node in nodes.items() if node.type in types and types[node.type].exits == "none"]
    ending = _walk([*ends, *loose], backward)
    for name in nodes:
        if name not in reached and not (loose & reached):
            faults.add(
                "MF-D055",
                f'Nothing leads to the node "{name}".',
                (*here, name),
                at_key=True,
                help="link it or delete it",
            )
        elif name in reached and name not in ending and ends:
            faults.add("MF-D056", f'From the node "{name}" there is no way to an end.', (*here, name), at_key=True)
    if not ends:
        faults.add("MF-D056", f"The {what} has no end.", here, at_key=True, help="add a node with `type: end`")


def _walk(starts: list[str], edges: Mapping[str, list[str]]) -> set[str]:
    seen = set(starts)
    waiting = list(starts)
    while waiting:
        for target in edges[waiting.pop()]:
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen
