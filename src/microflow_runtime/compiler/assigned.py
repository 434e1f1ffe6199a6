"""Which variables surely hold a value when a node is reached, so that formulas know what may be missing.

A forward analysis over the links: at a join only what every way has assigned counts. A variable written as a whole is
WHOLE; one that only got fields is known by the fields it surely got.
"""

from collections.abc import Mapping
from typing import Final

from microflow_runtime.compiler.graph import targets_of
from microflow_runtime.model.microflow import Microflow

Fields = frozenset[str]
State = dict[str, Fields]
WHOLE: Final[Fields] = frozenset({"*"})


def assigned_before(flow: Microflow) -> Mapping[str, State]:
    """For each reachable node, give the state in which it is entered."""
    start = next((name for name, node in flow.nodes.items() if node.type == "start"), None)
    if start is None:
        return {}
    entry: dict[str, State] = {start: {name: WHOLE for name, ref in flow.inputs.items() if not ref.is_optional}}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        node = flow.nodes[name]
        before = entry[name]
        after = _after(before, node.outputs)
        for path, target in targets_of(node):
            if target not in flow.nodes:
                continue
            state = _after(before, node.catches[int(path[1])].out) if path[0] == "catch" else after
            known = entry.get(target)
            joined = state if known is None else _join(known, state)
            if joined != known:
                entry[target] = joined
                waiting.append(target)
    return entry


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
    before = assigned_before(flow)
    states = [
        _after(state, flow.nodes[name].outputs) for name, state in before.items() if flow.nodes[name].type == "end"
    ]
    if not states:
        return {}
    result = states[0]
    for state in states[1:]:
        result = _join(result, state)
    return result
