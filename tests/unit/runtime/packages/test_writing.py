"""What packages of flows, apps and patches hold."""

import pytest
from tests.unit.small_apps import LINE, ORDER, files_of

from microflow_runtime.compiler.reading import AppDefinitions, read_definitions, source_of_files
from microflow_runtime.runtime.packages import Package, read_package, write_package

_FLOW = """
microflow: NAME
inputs: {In: BO}
outputs: {Out: BO}
nodes:
  Start: {type: start, next: NEXT}
CALLS  End: {type: end, out: {Out: = In}}
"""


def _flow(name: str, bo: str, *calls: str) -> str:
    nodes = "".join(f"  Call {call}: {{type: sub flow, flow: {call}, next: NEXT{n}}}\n" for n, call in enumerate(calls))
    text = _FLOW.replace("NAME", name).replace("BO", bo).replace("CALLS", nodes)
    for n, _ in enumerate(calls):
        following = f"Call {calls[n + 1]}" if n + 1 < len(calls) else "End"
        text = text.replace(f"NEXT{n}", following)
    return text.replace("NEXT", f"Call {calls[0]}" if calls else "End")


@pytest.fixture
def app() -> AppDefinitions:
    """Give an app in which Top calls Middle, which calls Leaf, which calls Middle again; Other stands alone."""
    other = "business_object: Other\nfields: {x: string?}\n"
    files = {"files/a.sql": b"select 1;", "files/deep/b.xsd": b"<x/>"}
    texts = (ORDER, LINE, other, _flow("Top", "Line", "Middle"), _flow("Middle", "Line", "Leaf"))
    return read_definitions(
        source_of_files(
            "shop", files_of(*texts, _flow("Leaf", "Order", "Middle"), _flow("Other", "Other"), files=files)
        )
    )


def _paths(package: Package) -> list[str]:
    return [file.path for file in package.source.files]


def test_the_package_of_a_flow_holds_what_it_needs(app: AppDefinitions) -> None:
    """The flows it calls, however far down, with the Business Objects of all of them, and the app's shared files."""
    package = read_package("x", write_package(app, ["Top"]))
    assert _paths(package) == [
        *("app.yaml", "business_objects/Line.yaml", "business_objects/Order.yaml", "files/a.sql", "files/deep/b.xsd"),
        *("microflows/Leaf.yaml", "microflows/Middle.yaml", "microflows/Top.yaml"),
    ]
    assert package.kind == "flows"


def test_flows_together(app: AppDefinitions) -> None:
    """Each is there once, whoever calls it and however often it is named."""
    package = read_package("x", write_package(app, ["Leaf", "Other", "Leaf"], with_files=False))
    assert _paths(package) == [
        *("app.yaml", "business_objects/Line.yaml", "business_objects/Order.yaml", "business_objects/Other.yaml"),
        *("microflows/Leaf.yaml", "microflows/Middle.yaml", "microflows/Other.yaml"),
    ]


def test_the_whole_app(app: AppDefinitions) -> None:
    """All of its files, as they are."""
    package = read_package("x", write_package(app))
    assert (package.kind, package.base) == ("full", "")
    assert package.source.fingerprint == app.source.fingerprint
    without = read_package("x", write_package(app, with_files=False))
    assert _paths(without) == [path for path in _paths(package) if not path.startswith("files/")]


def test_a_patch(app: AppDefinitions) -> None:
    """Chosen flows over a base, whose files it may leave out."""
    removed = ["microflows/Old.yaml", "files/old"]
    package = read_package("x", write_package(app, ["Other"], with_files=False, base="v.0.9.0", removed=removed))
    assert (package.kind, package.base, package.removed) == ("patch", "v.0.9.0", ("files/old", "microflows/Old.yaml"))
    assert _paths(package) == ["app.yaml", "business_objects/Other.yaml", "microflows/Other.yaml"]


def test_the_order_in_which_things_are_named_does_not_matter(app: AppDefinitions) -> None:
    """The same package is the same bytes."""
    assert write_package(app, ["Leaf", "Other"]) == write_package(app, ["Other", "Middle", "Leaf"])
    one, other = (
        write_package(app, base="v.1", removed=removed) for removed in (["files/x", "files/y"], ["files/y", "files/x"])
    )
    assert one == other


def test_what_is_unusual_in_a_path_comes_back(app: AppDefinitions) -> None:
    """Quotes, colons and letters of any script in a removed path are text."""
    removed = ('files/a "b" #c', "files/\u0e01 - x", "files/{y}", "microflows/'z'.yaml")
    package = read_package("x", write_package(app, base="v.1", removed=removed))
    assert set(package.removed) == set(removed)
