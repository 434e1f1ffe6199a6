"""What a definition refers to outside itself."""

from tests.unit.small_apps import source_of

from microflow_runtime.compiler.reading import read_definitions
from microflow_runtime.runtime.references import callees_of, pinned_of


def _flow(name: str, *callees: str, inputs: str = "") -> str:
    calls = "".join(
        f"  Call {number}: {{type: sub flow, flow: {callee}, next: {f'Call {number + 1}' if number + 1 < len(callees) else 'End'}}}\n"
        for number, callee in enumerate(callees)
    )
    head = f"microflow: {name}\n" + (f"inputs: {inputs}\n" if inputs else "")
    return (
        f"{head}nodes:\n  Start: {{type: start, next: {'Call 0' if callees else 'End'}}}\n{calls}  End: {{type: end}}\n"
    )


def test_callees_are_those_of_sub_flow_nodes() -> None:
    """The names that sub flow nodes call, each once; those of a named snapshot stand apart."""
    pinned = _flow("Top", "Leaf", "Leaf", "Far").replace("flow: Far", "flow: Far, snapshot: v.0.1.0")
    definitions = read_definitions(source_of(pinned, _flow("Leaf")))
    assert callees_of(definitions.microflows["Top"]) == ("Leaf",)
    assert pinned_of(definitions.microflows["Top"]) == (("Far", "v.0.1.0"),)
