"""The keys of a file in `microflows/`."""

from collections.abc import Mapping
from typing import Any, Final

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.findings import Findings, KeyPath, shown
from microflow_runtime.compiler.reading.node_definition import NODE
from microflow_runtime.compiler.reading.shapes import Anything, ListOf, MapOf, Record, Text, Whole, key
from microflow_runtime.compiler.reading.words import FILED_NAME, NODE_NAME, SCOPE_NAME, Duration, Name, Type
from microflow_runtime.model.microflow import FlowTest, Limits, Microflow

_PARAMETERS: Final = MapOf(value=Type(), key=SCOPE_NAME)
_ACCOUNT: Final = Name(example="public")


def _no_variable_twice(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    """Check that a name stands for one thing: a parameter that goes in and comes out has one type, a variable is neither."""
    groups = {
        group: written[group] for group in ("inputs", "outputs", "variables") if isinstance(written.get(group), dict)
    }
    for first, second in (("inputs", "outputs"), ("inputs", "variables"), ("outputs", "variables")):
        for name in groups.get(second, ()):
            if name not in groups.get(first, ()) or (
                second == "outputs" and groups[first][name] == groups[second][name]
            ):
                continue
            message = f"`{name}` is declared in `{first}` and again in `{second}`"
            findings.add(
                fault_codes.DECLARED_TWICE, message, (*path, second, name), at_key=True, declared=(*path, first, name)
            )


_ANONYMOUS: Final = Record(
    keys=(key("as", _ACCOUNT, "The service account that callers without a session run as.", required=True),),
    build=lambda **written: written["as"],
)

_LIMITS: Final = Record(
    keys=(
        key("execution", Duration(), "The time a call may take.", attribute="execution_seconds"),
        key("steps", Whole(least=1), "How many steps a call may take outside loops."),
        key("total_steps", Whole(least=1), "How many steps a call may take in all."),
        key("loop_turns", Whole(least=1), "How many turns a loop may take."),
        key("depth", Whole(least=1, most=1000), "How deep sub flows may call each other."),
        key("rows", Whole(least=1), "How many rows one statement may give."),
        key("reply_bytes", Whole(least=1), "How large a reply may be."),
    ),
    build=Limits,
)


def _one_outcome(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    """Check that a test says either what comes out or how it fails."""
    outcomes = [name for name in ("expected", "expected_error") if written.get(name) is not None]
    if not outcomes:
        findings.missing_key(path, "expected", "{…}")
    elif len(outcomes) > 1:
        message = "A test expects outputs or an error, not both"
        findings.add(fault_codes.KEYS_DISAGREE, message, (*path, "expected_error"), at_key=True)


_VALUES: Final = MapOf(value=Anything())

_TEST: Final = Record(
    keys=(
        key("name", Text(empty=False), "What is tested, in a few words.", required=True),
        key("input", _VALUES, "What is sent: values by the names of inputs."),
        key("expected", _VALUES, "What comes out: values by the names of outputs; what is not named is not compared."),
        key("expected_error", Text(empty=False), "A part of the sentence that the call fails with."),
    ),
    build=FlowTest,
    check=_one_outcome,
)


def _tests_differ(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    """Check that no two tests have one name."""
    tests = written.get("tests")
    seen: dict[str, int] = {}
    for number, test in enumerate(tests if isinstance(tests, list) else ()):
        name = test.get("name") if isinstance(test, dict) else None
        if isinstance(name, str) and seen.setdefault(name, number) != number:
            findings.add(
                fault_codes.DECLARED_TWICE,
                f"Two tests are called `{shown(name)}`",
                (*path, "tests", number, "name"),
                declared=(*path, "tests", seen[name], "name"),
            )


def _check(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    _no_variable_twice(written, path, findings)
    _tests_differ(written, path, findings)


MICROFLOW: Final = Record(
    keys=(
        key(
            "microflow",
            FILED_NAME,
            "The name of the flow, as callers write it in flowName.",
            attribute="name",
            required=True,
        ),
        key(
            "id",
            Name(forbidden="/\\", is_filed=True, example="(a new UUID)"),
            "The flow's unique id, for ever.",
            required=True,
        ),
        key("description", Text(), "What the flow does."),
        key("inputs", _PARAMETERS, "What the caller gives: the key on the wire and its Business Object."),
        key("outputs", _PARAMETERS, "What the caller gets: the key on the wire and its Business Object."),
        key("variables", _PARAMETERS, "What the flow keeps while it runs."),
        key("anonymous", _ANONYMOUS, "Opens the flow to callers without a session.", attribute="anonymous_as"),
        key("runs_as", _ACCOUNT, "The service account that the flow runs as for everybody."),
        key("limits", _LIMITS, "Limits of the server that the flow tightens for itself."),
        key("nodes", MapOf(value=NODE, key=NODE_NAME, empty=False, what="node"), "The nodes, by name.", required=True),
        key("tests", ListOf(item=_TEST), "Calls of the flow with what they must answer."),
    ),
    build=Microflow,
    check=_check,
)
