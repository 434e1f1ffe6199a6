"""The generated apps are apps, and what they are said to be."""

from pathlib import Path

from bench import generate, quote

from microflow_runtime.compiler.reading import AppDefinitions, read_definitions, read_folder


def _read(app: Path) -> AppDefinitions:
    found = read_definitions(read_folder(app))
    assert [fault.one_line() for fault in found.faults] == []
    return found


def test_long_flow_has_more_nodes(tmp_path: Path) -> None:
    """The long flow is the measured flow with so many mapping nodes more, each of them on the way of every call."""
    flows = _read(generate.bench_app(tmp_path, more_nodes=5)).microflows
    short, long = flows[quote.FLOW].nodes, flows[generate.LONG_FLOW].nodes
    assert len(long) == len(short) + 5
    node, passed = "Wholesale", 0
    while node != "Total":
        node = long[node].next or ""
        passed += node.startswith("More ")
    assert passed == 5
    assert long["Retail"].next == "More 1"


def test_many_flows_have_eight_nodes_and_six_formulas(tmp_path: Path) -> None:
    """Each flow of the large app has eight nodes and six formulas."""
    flows = _read(generate.many_flows(tmp_path, 25)).microflows
    assert len(flows) == 25
    for flow in flows.values():
        formulas = [link.when for node in flow.nodes.values() for link in node.links if link.when]
        formulas += [
            text for node in flow.nodes.values() for text in node.outputs.values() if str(text).startswith("=")
        ]
        assert (len(flow.nodes), len(formulas)) == (8, 6)


def test_flow_can_be_written_anew(tmp_path: Path) -> None:
    """Writing a flow with another factor changes this flow and no other file."""
    app = generate.many_flows(tmp_path, 12)
    before = {path: path.read_bytes() for path in app.rglob("*.yaml")}
    generate.write_flow(app, 7, "1.5")
    changed = [path.stem for path, content in before.items() if path.read_bytes() != content]
    assert changed == [generate.flow_name(7)]
