"""`cache` as it runs: what is kept, for how long, under which key, and what no longer fits."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.small_apps import SmallApp, told

from microflow_runtime.errors import NodeError, StoreError
from microflow_runtime.runtime.resources import ProcessResources
from microflow_runtime.settings import Settings
from microflow_runtime.store import MemoryStore

RATE = """
business_object: Rate
fields:
  currency: string?
  value: decimal?
  day: date?
"""
OTHER_RATE = """
business_object: Rate
fields:
  currency: integer
  value: decimal
"""
FOUND = """
business_object: Found
fields:
  rate: Rate?
  found: boolean?
"""
PUT = """
microflow: Put
inputs: {In: Rate}
nodes:
  Start: {type: start, next: Keep}
  Keep:
    type: cache
    command: put
    space: rates
    key: = In.currency
    holds: Rate
    value: = In
    for: 5m
    next: End
  End: {type: end}
"""
GET = """
microflow: Get
inputs: {In: Rate}
outputs: {Out: Found}
nodes:
  Start: {type: start, next: Look}
  Look:
    type: cache
    command: get
    space: rates
    key: '= if In.currency = null then In.value else In.currency'
    holds: Rate
    out: {Out.rate: = value, Out.found: = found}
    next: End
  End: {type: end}
"""
REMOVE = """
microflow: Remove
inputs: {In: Rate}
nodes:
  Start: {type: start, next: Forget}
  Forget: {type: cache, command: remove, space: rates, key: = In.currency, next: End}
  End: {type: end}
"""


@pytest.fixture
async def resources(tmp_path: Path) -> AsyncIterator[ProcessResources]:
    """Give real resources over a store in memory."""
    made = ProcessResources(Settings(home=tmp_path), MemoryStore())
    yield made
    await made.close()


async def _get(app: SmallApp, **given: Any) -> Any:
    return (await app.call("Get", {"In": given}))["Out"]


async def test_a_value_that_was_put_is_given(resources: ProcessResources) -> None:
    """With all its fields, exact; another key gives nothing."""
    app = SmallApp(RATE, FOUND, PUT, GET, sources=resources)
    assert await _get(app, currency="USD") == {"rate": None, "found": False}
    await app.call("Put", {"In": {"currency": "USD", "value": 31, "day": "2026-05-19"}})
    assert await _get(app, currency="USD") == {
        "rate": {"currency": "USD", "value": 31, "day": "2026-05-19"},
        "found": True,
    }
    assert (await _get(app, currency="EUR"))["found"] is False


async def test_a_number_and_a_text_are_different_keys(resources: ProcessResources) -> None:
    """The text "1" is not the number 1."""
    app = SmallApp(RATE, FOUND, PUT, GET, sources=resources)
    await app.call("Put", {"In": {"currency": "1"}})
    assert (await _get(app, value=1))["found"] is False
    assert (await _get(app, currency="1"))["found"] is True


async def test_a_value_that_is_removed_or_over_is_gone(
    resources: ProcessResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After `remove`, and after its time."""
    app = SmallApp(RATE, FOUND, PUT, GET, REMOVE, sources=resources)
    await app.call("Put", {"In": {"currency": "USD"}})
    await app.call("Remove", {"In": {"currency": "USD"}})
    assert (await _get(app, currency="USD"))["found"] is False
    put = resources.put_cached
    seen: list[float] = []

    async def put_for_nothing(space: str, key: str, value: bytes, seconds: float) -> None:
        seen.append(seconds)
        await put(space, key, value, -1.0)

    monkeypatch.setattr(resources, "put_cached", put_for_nothing)
    await app.call("Put", {"In": {"currency": "USD"}})
    assert seen == [300.0]
    assert (await _get(app, currency="USD"))["found"] is False


async def test_a_value_of_an_older_type_counts_as_not_there(resources: ProcessResources) -> None:
    """After a refresh has changed the Business Object, what was kept before does no harm."""
    await SmallApp(RATE, FOUND, PUT, GET, sources=resources).call("Put", {"In": {"currency": "USD"}})
    newer = SmallApp(OTHER_RATE, FOUND, GET.replace("In: Rate", "In: Text").replace("if In.currency = null then In.value else In.currency", "In.text"), "business_object: Text\nfields:\n  text: string\n", sources=resources)  # fmt: skip
    assert (await newer.call("Get", {"In": {"text": "USD"}}))["Out"]["found"] is False


async def test_a_store_that_fails_is_an_error_a_catch_takes(
    resources: ProcessResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kind is `cache`."""

    async def fail(space: str, key: str) -> bytes | None:
        raise StoreError("The store cannot be reached.")

    monkeypatch.setattr(resources, "get_cached", fail)
    app = SmallApp(RATE, FOUND, GET, sources=resources)
    with pytest.raises(NodeError, match="The store cannot be reached") as caught:
        await _get(app, currency="USD")
    assert (caught.value.kind, caught.value.retryable) == ("cache", True)


async def test_keys_and_values_have_a_bound(resources: ProcessResources) -> None:
    """A key of 600 characters and a value of two megabytes are refused, and so is a key that is missing."""
    app = SmallApp(RATE, FOUND, PUT, GET, sources=resources)
    for given, told_text in (
        ({"currency": "x" * 600}, "more than 512 characters"),
        ({}, "neither a text nor a number"),
    ):
        with pytest.raises(NodeError, match=told_text):
            await app.call("Put", {"In": given})
    big = SmallApp(RATE, FOUND, PUT.replace("key: = In.currency", "key: big"), sources=resources)
    with pytest.raises(NodeError, match="at most 1048576 are kept"):
        await big.call("Put", {"In": {"currency": "x" * 2_000_000}})


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (("    for: 5m\n", ""), "MF-D107 The command put needs `for`."),
        (("    for: 5m\n", "    for: long\n"), 'MF-D059 The setting "for" does not fit'),
        (("    holds: Rate\n", ""), "MF-D107 The command put needs `holds`."),
        (("    holds: Rate\n", "    holds: Rat\n"), 'MF-D106 No variable, input or output of the flow is a "Rat".'),
        (("command: put", "command: get"), "MF-D107 The command get takes no `value`."),
        (("value: = In\n", "value: = In.currency\n"), "MF-F"),
    ],
)
def test_what_a_command_needs_is_told(change: tuple[str, str], wanted: str) -> None:
    """Each command has its own settings."""
    assert wanted in told(RATE, PUT.replace(*change))
