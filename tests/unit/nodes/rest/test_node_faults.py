"""What is told of a rest node before it runs."""

import pytest
from tests.unit.nodes.rest.fake_http import END, FLOW, TEXT
from tests.unit.small_apps import LINE, ORDER, faults_of

APP = """
app: Shop
version: v.1.0.0
connections:
  api: {url: "https://api.example"}
"""


def _told(keys: str) -> list[tuple[str, str]]:
    flow = (FLOW + keys.strip("\n") + END).replace(
        "    connection: api\n", "" if "connection:" in keys else "    connection: api\n"
    )
    return [(fault.code, f"{fault.message} {fault.help}") for fault in faults_of(APP, ORDER, LINE, TEXT, flow)]


@pytest.mark.parametrize(
    ("keys", "code", "word"),
    [
        ("connection: apis\n    method: GET\n    path: /x", "MF-D110", 'did you mean "api"'),
        ("method: GOT\n    path: /x", "MF-D059", "GET"),
        ("method: GET", "MF-D058", "path"),
        ("method: GET\n    url: = In.count", "MF-F010", "string"),
        ("method: GET\n    url: = In.id\n    in: {id: = In.id}", "MF-D065", "{id}"),
        ("method: GET\n    path: x", "MF-D111", "begins with `/`"),
        ("method: GET\n    path: '= In.id'", "MF-D111", "constant"),
        ("method: GET\n    path: /a?b=1", "MF-D111", "`query`"),
        ("method: GET\n    path: /{id}", "MF-D112", "add `in: {id: = …}`"),
        ("method: GET\n    path: /{id}\n    in: {id: = In.id, ix: = In.id}", "MF-D065", "{ix}"),
        ("method: GET\n    path: /{n}\n    in: {n: = In.count}", "MF-F011", "write `if In.count != null"),
        ("method: GET\n    path: /\n    headers: {Host: x}", "MF-D113", "exchange itself"),
        ("method: GET\n    path: /\n    headers: {'a b': x}", "MF-D113", "no header's name"),
        ("method: GET\n    path: /\n    body: x", "MF-D114", "query"),
        ("method: GET\n    path: /\n    statuses: {404x: nothing}", "MF-D115", "4xx"),
        ("method: GET\n    path: /\n    statuses: {404: = x}", "MF-D115", "kind of error"),
        ("method: GET\n    path: /\n    reply: Lime", "MF-D116", "Line"),
        ("method: GET\n    path: /\n    reply: '[[x'", "MF-D116", "X?"),
        ("method: GET\n    path: /\n    query: {q: = In.idd}", "MF-F003", "id"),
        ("method: POST\n    path: /\n    body: {a: [= In.idd]}", "MF-F003", "id"),
        ("method: GET\n    path: /\n    reply: Line\n    out: {Out.id: = body.skus}", "MF-F003", "sku"),
        (
            "method: GET\n    path: /\n    reply: Line\n    statuses: {404: nothing}\n    out: {Out.id: = body.sku}",
            "MF-F011",
            "",
        ),
    ],
)
def test_a_fault_is_told(keys: str, code: str, word: str) -> None:
    """Everything that is wrong with a node is told when its flow is compiled, with what to do."""
    told = _told(f"    {keys}")
    assert [code for code, _ in told] == [code]
    assert word in told[0][1]


def test_a_type_that_no_variable_has() -> None:
    """A reply of a Business Object that the flow does not hold needs a variable to take it."""
    told = _told("    method: GET\n    path: /\n    reply: Text2")
    assert told[0][0] == "MF-D116"
    assert _told("    method: GET\n    path: /\n    reply: Text") == []
