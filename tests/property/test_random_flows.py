"""Small random flows of gateways and mappings compile, and what they compute is what plain Python computes."""

import json
from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.app_folder import write_app
from tests.wire.world import World

from microflow_runtime.feel import NUMBER_CONTEXT

BOUNDED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FIELDS = ("a", "b", "c")
_NUMBERS = st.decimals(min_value=-1000, max_value=1000, places=3, allow_nan=False, allow_infinity=False) | st.integers(
    -50, 50
).map(Decimal)

# A term is ("field", name), ("number", Decimal) or (operator, left, right); a condition is (comparison, left, right).
Term = tuple[Any, ...]
_TERMS: st.SearchStrategy[Term] = st.recursive(
    st.sampled_from(FIELDS).map(lambda name: ("field", name)) | _NUMBERS.map(lambda number: ("number", number)),
    lambda inner: st.tuples(st.sampled_from("+-*"), inner, inner),
    max_leaves=4,
)
_CONDITIONS = st.tuples(st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), _TERMS, _TERMS)


@st.composite
def flows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw nodes in an order in which links lead forward only; the last is the end, and each is led to."""
    count = draw(st.integers(1, 7))
    nodes: list[dict[str, Any]] = []
    for index in range(count):
        following = st.integers(index + 1, count)
        if draw(st.booleans()):
            links = draw(st.lists(st.tuples(_CONDITIONS, following), min_size=1, max_size=3))
            nodes.append({"links": links, "otherwise": index + 1})
        else:
            out = draw(st.dictionaries(st.sampled_from(FIELDS), _TERMS, min_size=1))
            nodes.append({"out": out, "next": index + 1})
    return nodes


def text_of(term: Term) -> str:
    """Write a term as a formula, with every bracket."""
    if term[0] == "field":
        return f"State.{term[1]}"
    if term[0] == "number":
        return f"({term[1]:f})"
    return f"({text_of(term[1])} {term[0]} {text_of(term[2])})"


def yaml_of(nodes: list[dict[str, Any]]) -> str:
    """Write the nodes as the rest of a definition."""
    written: dict[str, Any] = {"Start": {"type": "start", "next": "N0"}}
    for index, node in enumerate(nodes):
        if "links" in node:
            links = [
                {"when": f"= {text_of(left)} {sign} {text_of(right)}", "to": f"N{to}"}
                for (sign, left, right), to in node["links"]
            ]
            links.append({"otherwise": True, "to": f"N{node['otherwise']}"})
            written[f"N{index}"] = {"type": "gateway", "links": links}
        else:
            out = {f"State.{name}": f"= {text_of(term)}" for name, term in node["out"].items()}
            written[f"N{index}"] = {"type": "mapping", "out": out, "next": f"N{node['next']}"}
    written[f"N{len(nodes)}"] = {"type": "end"}
    parts = {"inputs": {"State": "State"}, "outputs": {"State": "State"}, "nodes": written}
    return "".join(f"{key}: {msgspec.json.encode(value).decode()}\n" for key, value in parts.items())


def value_of(term: Term, state: dict[str, Decimal]) -> Decimal:
    """Compute a term."""
    if term[0] == "field":
        return state[term[1]]
    if term[0] == "number":
        return Decimal(term[1])
    left, right = value_of(term[1], state), value_of(term[2], state)
    return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right}[term[0]]()


def holds(condition: Term, state: dict[str, Decimal]) -> bool:
    """Compute a condition."""
    sign, left, right = condition[0], value_of(condition[1], state), value_of(condition[2], state)
    return {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "=": left == right,
        "!=": left != right,
    }[sign]


def interpret(nodes: list[dict[str, Any]], state: dict[str, Decimal]) -> dict[str, Decimal]:
    """Walk the nodes in plain Python. All lines of a mapping are computed before any is assigned."""
    at = 0
    while at < len(nodes):
        node = nodes[at]
        if "links" in node:
            at = next((to for condition, to in node["links"] if holds(condition, state)), node["otherwise"])
        else:
            state = state | {name: value_of(term, state) for name, term in node["out"].items()}
            at = node["next"]
    return state


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a worker with an app whose one flow is written anew for each example."""
    folder = tmp_path_factory.mktemp("random")
    app = write_app(
        folder / "Random", "app: Random\nversion: v.1.0.0\n", {"State": "\n".join(f"{name}: decimal" for name in FIELDS)}, {}
    )  # fmt: skip
    made = World(folder, [app], allow=[("microflow", "*", "execute")])
    yield made
    made.close()


def refresh(world: World, nodes: list[dict[str, Any]]) -> None:
    """Publish the nodes as the flow Random."""
    path: Path = world.settings.apps[0] / "microflows" / "Random.yaml"
    path.unlink(missing_ok=True)
    path.write_text(f"microflow: Random\nid: random\n{yaml_of(nodes)}", encoding="utf-8")
    answer = world.send("GET", "/MicroflowRest/refreshCache", None, world.session("operator"))
    assert answer.body == b"RefreshCache Success"


@BOUNDED
@given(nodes=flows(), states=st.lists(st.fixed_dictionaries(dict.fromkeys(FIELDS, _NUMBERS)), min_size=1, max_size=4))
def test_flows_compute_what_python_computes(
    world: World, nodes: list[dict[str, Any]], states: list[dict[str, Decimal]]
) -> None:
    """Every field of the reply is the number that plain decimals give, digit for digit in value."""
    refresh(world, nodes)
    for state in states:
        sent = ",".join(f'"{name}":{number:f}' for name, number in state.items())
        answer = world.act(b'{"flowName":"Random","object":{"State":{' + sent.encode() + b"}}}")
        with localcontext(NUMBER_CONTEXT):
            expected = interpret(nodes, state)
        told = json.loads(answer.body, parse_float=Decimal, parse_int=Decimal)
        assert told["responseStatus"] == "SUCCESS", told["exception"]
        assert told["responseObjectsMap"]["State"] == expected
