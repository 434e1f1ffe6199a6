"""`code` as it runs: values there and back, what a function may know, and what comes of one that fails."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.unit.nodes.code_app import FUNCTIONS, app_of, flow, resources

from microflow_runtime.errors import NodeError
from microflow_runtime.model.principal import Principal
from microflow_runtime.runtime.resources import ProcessResources

ECHO = """
    function: give_back
    takes: {value: All}
    returns: All
    in: {value: = In}
    out: {Out: = result}
"""
KINDS = """
    function: kinds
    takes: {value: All}
    returns: string
    in: {value: = In}
    out: {Out.text: = result}
"""
ABOUT = """
    function: about
    returns: string
    out: {Out.text: = result}
"""
FAIL = """
    function: fail
    takes: {text: string}
    in: {text: = In.text}
    catch:
      - {error: code, to: End, out: {Out.text: = error.data.message, Out.type: = error.data.type}}
"""
MANY = """
    function: many
    takes: {count: integer}
    returns: [integer]
    in: {count: = In.number}
    out: {Out.number: = sum(result)}
"""
NUMBERS = """
    function: give_back
    takes: {value: [decimal]}
    returns: [decimal]
    in: {value: '= for i in 1..1500 return i / 10'}
    out: {Out.number: = sum(result)}
"""
EVERYTHING: dict[str, Any] = {
    "string": "= 1 + 1 {name}",
    "integer": 12345678901234567890123,
    "decimal": Decimal("0.10000000000000000000000000001"),
    "boolean": True,
    "date": "2026-05-19",
    "time": "10:11:12.5+07:00",
    "moment": "2026-05-19T10:11:12@Asia/Bangkok",
    "duration": "P1Y2M",
    "list": [],
    "all": None,
}


@pytest.fixture
async def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ProcessResources]:
    """Give real resources, with the test functions installed."""
    monkeypatch.syspath_prepend(str(FUNCTIONS))
    made = resources(tmp_path)
    yield made
    await made.close()


async def test_values_go_there_and_back(sources: ProcessResources) -> None:
    """Of every type, exact, in objects inside objects and lists."""
    app = app_of(sources, flow("F", ECHO, takes="All", gives="All"))
    inner = {**EVERYTHING, "duration": "-P1DT2.5S"}
    given = {**EVERYTHING, "all": inner, "list": [inner] * 3}
    out = (await app.call("F", {"In": given}))["Out"]
    assert {name: out[name] for name in given} == given


async def test_a_function_gets_pythons_classes(sources: ProcessResources) -> None:
    """A field that is missing is None."""
    app = app_of(sources, flow("F", KINDS, takes="All"))
    out = (await app.call("F", {"In": {**EVERYTHING, "string": None}}))["Out"]
    assert out["text"] == (
        "string NoneType, integer int, decimal Decimal, boolean bool, date date, time time, moment datetime, "
        "duration Months, all NoneType, list list"
    )


async def test_long_lists_go_in_pieces(sources: ProcessResources) -> None:
    """In both ways, in their order."""
    app = app_of(sources, flow("F", MANY), flow("G", NUMBERS))
    assert (await app.call("F", {"In": {"number": 100_000}}))["Out"]["number"] == 4_999_950_000
    assert (await app.call("G", {"In": {}}))["Out"]["number"] == Decimal(1500 * 1501) / 20


async def test_a_function_may_ask_for_the_call(sources: ProcessResources) -> None:
    """Who calls, from where, and how much time there is."""
    app = app_of(sources, flow("F", ABOUT))
    out = (await app.call("F", {"In": {}}))["Out"]
    assert out["text"] == "tester ('clerk',) Shop/F/Do 0000 some time"


async def test_what_it_raises_is_caught(sources: ProcessResources) -> None:
    """Class and message are in the data; the trace is in the log and nowhere else."""
    app = app_of(sources, flow("F", FAIL))
    out = (await app.call("F", {"In": {"text": "no {name}"}}))["Out"]
    assert out == {"text": "no {name}", "number": 0, "type": "RuntimeError"}
    uncaught = app_of(sources, flow("F", FAIL.partition("    catch:")[0]))
    with capture_logs() as lines, pytest.raises(NodeError) as caught:
        await uncaught.call("F", {"In": {"text": "x" * 5000}})
    assert caught.value.message.startswith('F, code "Do": the function "fail" failed: RuntimeError: xxx')
    assert len(caught.value.message) < 700
    assert "trial_functions.py" not in f"{caught.value.message}{caught.value.data}"
    assert ["trial_functions.py" in line["trace"] for line in lines] == [True]


@pytest.mark.parametrize(
    ("keys", "kind", "told"),
    [
        (
            MANY.replace("returns: [integer]", "returns: integer").replace("sum(result)", "result"),
            "code.value",
            "a list",
        ),
        (MANY.replace("function: many", "function: give_back").replace("count", "value"), "code.value", "result"),
        (ABOUT.replace("about", "no_module"), "code.load", "ModuleNotFoundError"),
        (MANY.replace("count", "cuont"), "code", "TypeError"),
    ],
)
async def test_what_does_not_fit_is_told(sources: ProcessResources, keys: str, kind: str, told: str) -> None:
    """A result of another type, a module that is not there, a parameter that the function does not have."""
    app = app_of(sources, flow("F", keys))
    given = {"In": {"number": 5}}
    with pytest.raises(NodeError) as caught:
        await app.call("F", given)
    assert caught.value.kind == kind
    assert told in caught.value.message


async def test_the_caller_needs_the_permission(sources: ProcessResources) -> None:
    """`code`, the function's name, `use`."""
    app = app_of(sources, flow("F", ABOUT))
    with pytest.raises(NodeError) as caught:
        await app.call("F", {"In": {}}, principal=Principal(username="guest"))
    assert caught.value.kind == "permission"
    allowed = Principal(username="guest", grants=frozenset({("code", "about", "use")}))
    assert (await app.call("F", {"In": {}}, principal=allowed))["Out"]["text"]
