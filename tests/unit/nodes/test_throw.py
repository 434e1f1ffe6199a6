"""`throw` as it runs."""

import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.errors import NodeError

NAME = "business_object: Name\nfields: {text: string?}\n"
FLOW = """
microflow: F
inputs: {In: Name}
nodes:
  Start: {type: start, next: Fail}
  Fail: {type: throw, error: stock.empty, message: '= "no " + (if In.text = null then "?" else In.text) + " left"'}
"""


async def test_the_message_is_computed() -> None:
    """The error has the author's kind, what the caller sent as plain text, and of flow and node only what is for the log."""
    with pytest.raises(NodeError) as caught:
        await SmallApp(NAME, FLOW).call("F", {"In": {"text": '" + caller.username + "'}})
    assert caught.value.kind == "stock.empty"
    assert caught.value.message == 'F, throw "Fail": no " + caller.username + " left'
    assert caught.value.sentence == 'no " + caller.username + " left'


async def test_the_kind_has_a_default() -> None:
    """Without `error` the kind is `thrown`."""
    with pytest.raises(NodeError) as caught:
        await SmallApp(NAME, FLOW.replace("error: stock.empty, ", "")).call("F", {"In": {}})
    assert (caught.value.kind, caught.value.message) == ("thrown", 'F, throw "Fail": no ? left')
