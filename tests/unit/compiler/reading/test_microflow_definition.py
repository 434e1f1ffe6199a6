"""Tests of the files in `microflows/`."""

import pytest

from microflow_runtime.compiler.reading.definitions import define
from microflow_runtime.compiler.reading.documents import parse
from microflow_runtime.errors import Fault
from microflow_runtime.model.microflow import FlowTest, Limits, Microflow, Node
from microflow_runtime.model.type_ref import TypeRef

SMALL = "microflow: F\nid: a\nnodes:\n  S: {type: start}\n"


def read(text: str) -> tuple[object, tuple[Fault, ...]]:
    """Read the text of a flow."""
    document, faults = parse("microflow", "f.yaml", text.encode())
    assert document is not None
    assert faults == ()
    return define(document)


def test_every_key_fills_the_record() -> None:
    """A flow that says everything is read as it is written."""
    flow, faults = read(
        SMALL + "description: D\ninputs: {In BO: A}\noutputs: {Out: [B], In BO: A}\nvariables: {V: C?}\n"
        "anonymous: {as: public}\nruns_as: robot\n"
        "limits: {execution: 5s, steps: 10, depth: 2, rows: 100, reply_bytes: 1000}\n"
        "tests:\n  - {name: t, input: {}, expected: {}}\n"
    )
    assert faults == ()
    assert flow == Microflow(
        name="F",
        id="a",
        description="D",
        inputs={"In BO": TypeRef("A")},
        outputs={"Out": TypeRef("B", is_list=True), "In BO": TypeRef("A")},
        variables={"V": TypeRef("C", is_optional=True)},
        anonymous_as="public",
        runs_as="robot",
        limits=Limits(execution_seconds=5.0, steps=10, depth=2, rows=100, reply_bytes=1000),
        nodes={"S": Node(name="S", type="start")},
        tests=(FlowTest(name="t", input={}, expected={}),),
    )


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("inputs: {A: X}\nvariables: {A: X}\n", "MF-D020"),
        ("outputs: {A: X}\nvariables: {A: X}\n", "MF-D020"),
        ("inputs: {A: X}\noutputs: {A: Y}\n", "MF-D020"),
        ("inputs: {caller: X}\n", "MF-D013"),
        ("inputs: {a.b: X}\n", "MF-D013"),
        ("inputs: {a: Decimal}\n", "MF-D014"),
        ("anonymous: true\n", "MF-D012"),
        ("anonymous: {is: public}\n", "MF-D010"),
        ("limits: {steps: 0}\n", "MF-D016"),
        ("limits: {execution: 10}\n", "MF-D015"),
        ("tests: {}\n", "MF-D012"),
        ("tests: [17]\n", "MF-D012"),
        ("tests: [just text]\n", "MF-D012"),
        ("tests: [{name: t}]\n", "MF-D011"),
        ("tests: [{expected: {}}]\n", "MF-D011"),
        ("tests: [{name: '', expected: {}}]\n", "MF-D016"),
        ("tests: [{name: t, inputt: {}, expected: {}}]\n", "MF-D010"),
        ("tests: [{name: t, input: 5, expected: {}}]\n", "MF-D012"),
        ("tests: [{name: t, expected: [1]}]\n", "MF-D012"),
        ("tests: [{name: t, expected_error: true}]\n", "MF-D012"),
        ("tests: [{name: t, expected: {}, expected_error: x}]\n", "MF-D017"),
        ("tests: [{name: t, expected: {}}, {name: t, expected: {}}]\n", "MF-D020"),
        ("node: {}\n", "MF-D010"),
    ],
)
def test_a_wrong_key_is_a_fault(more: str, code: str) -> None:
    """What is wrong outside the nodes is told too."""
    _, faults = read(SMALL + more)
    assert code in [fault.code for fault in faults]


@pytest.mark.parametrize(
    "text", ["microflow: F\nnodes: {S: {type: start}}\n", "microflow: F\nid: a\n", "microflow: F\nid: a\nnodes: {}\n"]
)
def test_a_flow_without_its_essentials_is_no_flow(text: str) -> None:
    """Without id or nodes there is nothing to compile."""
    flow, faults = read(text)
    assert flow is None
    assert len(faults) == 1
