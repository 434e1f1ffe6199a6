"""Which variables surely hold a value when a node is reached, so that formulas know what may be missing.

A forward analysis over the links: at a join only what every way has assigned counts. A variable written as a whole is
WHOLE; one that only got fields is known by the fields it surely got.
"""

from collections.abc import Mapping
from typing import Final

from microflow_runtime.compiler.graph import targets_of
from microflow_runtime.model.microflow import Microflow, Node

Fields = frozenset[str]
State = dict[str, Fields]
WHOLE: Final[Fields] = frozenset({"*"})


def assigned_at_start(flow: Microflow) -> State:
    """Give the state in which a flow begins: its inputs are there, unless they may be missing."""
    return {name: WHOLE for name, ref in flow.inputs.items() if not ref.is_optional}


def assigned_before(nodes: Mapping[str, Node], at_start: State) -> Mapping[str, State]:
    """For each reachable node, give the state in which it is entered."""
    start = next((name for name, node in nodes.items() if node.type == "start"), None)
    if start is None:
        return {}
    entry: dict[str, State] = {start: at_start}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        node = nodes[name]
        before = entry[name]
        after = _after_node(before, node)
        for path, target in targets_of(node):
            if target not in nodes:
                continue
            state = _after(before, node.catches[int(path[1])].out) if path[0] == "catch" else after
            known = entry.get(target)
            joined = state if known is None else _join(known, state)
            if joined != known:
                entry[target] = joined
                waiting.append(target)
    return entry


def _after_node(before: State, node: Node) -> State:
    """Give the state behind a node. All branches have run to an end by then; a loop may not have turned once."""
    after = before
    for name, body in node.bodies.items():
        if name:
            after = {**after, **state_at_ends(body, before)}
    return _after(after, node.outputs)


def _after(state: State, targets: Mapping[str, object]) -> State:
    result = dict(state)
    for target in targets:
        root, _, rest = target.partition(".")
        if not rest:
            result[root] = WHOLE
            continue
        known = result.get(root, frozenset())
        if known is not WHOLE:
            result[root] = known | {rest.partition(".")[0]} if "." not in rest else known
    return result


def _join(one: State, other: State) -> State:
    joined: State = {}
    for name in one.keys() & other.keys():
        mine, theirs = one[name], other[name]
        joined[name] = theirs if mine == WHOLE else mine if theirs == WHOLE else mine & theirs
    return joined


def assigned_at_ends(flow: Microflow) -> State:
    """Give what every way to an `end` node has assigned; a callee's outputs outside it may be missing."""
    return state_at_ends(flow.nodes, assigned_at_start(flow))


def state_at_ends(nodes: Mapping[str, Node], at_start: State) -> State:
    """Give what every way from the start of these nodes to one of their ends has assigned."""
    before = assigned_before(nodes, at_start)
    states = [_after(state, nodes[name].outputs) for name, state in before.items() if nodes[name].type == "end"]
    if not states:
        return {}
    result = states[0]
    for state in states[1:]:
        result = _join(result, state)
    return result
