"""The call that a server shows when it has started."""

import json
from pathlib import Path

import pytest
from tests.unit.small_apps import catalog_of, files_of
from tests.unit.small_homes import SmallHome, app_text, audit, package_of

from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime.checking import read_catalog
from microflow_runtime.runtime.publishing import deploy
from microflow_runtime.service.example_call import example_call

THING = """
business_object: Thing
fields:
  name: string
  kind: {type: string, one_of: [small, large]}
  count: {type: integer, min: 5}
  price: decimal
  day: date
  at: date-time
  inner: Inner
  list: [Inner]
  note: string?
  given: {type: string, default: x}
"""
INNER = "business_object: Inner\nfields: {on: boolean, span: duration, hour: time}\n"


def _flow(name: str, more: str = "", inputs: str = "{In: Thing, More: Inner?}") -> str:
    return f"microflow: {name}\ninputs: {inputs}\nnodes:\n  S: {{type: start, next: E}}\n  E: {{type: end}}\n{more}"


def test_a_test_is_shown_before_made_up_values() -> None:
    """The first flow by its name with a test that is to succeed, as that calls it, numbers as they stand."""
    fails = "tests: [{name: a, expected_error: In}]\n"
    good = "tests: [{name: b, expected_error: x}, {name: c, input: {In: {price: 1.50}}, expected: {}}]\n"
    price = "business_object: Price\nfields: {price: decimal}\n"
    catalog = catalog_of(THING, INNER, price, _flow("A"), _flow("B", fails), _flow("C", good, "{In: Price}"))
    assert example_call(catalog) == '{"flowName":"C","object":{"In":{"price":1.50}}}'


def test_made_up_values_are_taken() -> None:
    """Whatever type a needed field has, the flow takes the example."""
    catalog = catalog_of(THING, INNER, _flow("It's one"))
    body = json.loads(example_call(catalog) or "")
    assert body["flowName"] == "It's one"
    assert set(body["object"]) == {"In"}
    assert set(body["object"]["In"]) == {"name", "kind", "count", "price", "day", "at", "inner"}
    assert body["object"]["In"]["kind"] == "small"
    (reader,) = [read for name, _, read, _ in catalog.find_named("It's one")[0].plan.readers if name == "In"]
    from microflow_runtime.compiler.business_objects import Notes, decode_json

    reader(decode_json(json.dumps(body["object"]["In"]).encode()), Notes())


async def test_apps_that_share_a_name_are_named(tmp_path: Path) -> None:
    """Else the call would be ambiguous."""
    for app in ("One", "Two"):
        for path, content in files_of(
            f"app: {app}\nversion: v.1\n", THING, INNER, _flow("Same", f"id: {app}\n")
        ).items():
            (tmp_path / app / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / app / path).write_bytes(content)
    catalog, _, _ = await read_catalog((tmp_path / "One", tmp_path / "Two"), NODE_TYPES)
    assert json.loads(example_call(catalog) or "")["appName"] == "One"


@pytest.mark.parametrize("activate", [True, False])
async def test_only_what_answers_is_shown(tmp_path: Path, activate: bool) -> None:
    """Of a server without a folder nothing, until a package answers."""
    home = SmallHome(tmp_path)
    try:
        runtime = await home.runtime()
        assert example_call(runtime.catalog) is None
        if activate:
            await deploy(runtime, package_of(app_text("v.1"), THING, INNER, _flow("Say")), audit, activate=True)
            assert json.loads(example_call(runtime.catalog) or "")["flowName"] == "Say"
    finally:
        await home.close()
