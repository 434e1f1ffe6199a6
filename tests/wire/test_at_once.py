"""Which calls are answered at once, without a task, and which are left to the ordinary way, having changed nothing.

That both ways give the same bytes is compared by `World.act` in every test that makes a call.
"""

from typing import Any

import msgspec
import pytest
from tests.wire.test_do_action_requests import RATE
from tests.wire.world import World

from microflow_runtime.security.rate import RateLimit
from microflow_runtime.web.headers import Header


def ask(world: World, body: Any, *, user: str | None = "caller", **headers: str) -> bytes | None:
    """Ask for an answer at once, as the protocol does."""
    sent = {"host": "localhost", "content-type": "application/json", **world.session(user)}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    pairs: list[Header] = [(name.encode(), value.encode()) for name, value in sent.items()]
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)

    async def answer() -> bytes | None:
        return world.application.answer_at_once(pairs, raw, lambda: "1.1")

    return world.run(answer())


def test_a_plain_call_is_answered_at_once(world: World) -> None:
    """A flow that waits for nothing, called by a known session, needs no task."""
    assert world.act(RATE).status == 200
    answer = ask(world, RATE)
    assert answer is not None
    assert b'"responseStatus":"SUCCESS"' in answer


def test_a_flow_that_fails_is_answered_at_once(world: World) -> None:
    """A failing flow is a reply like any other."""
    assert world.act({"flowName": "Throws"}).status == 200
    answer = ask(world, {"flowName": "Throws"})
    assert answer is not None
    assert b'"responseStatus":"ERROR"' in answer


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://app.example"},
        {"content_encoding": "gzip"},
        {"expect": "100-continue"},
        {"x_microflow_min_epoch": "1"},
        {"content_type": "text/plain"},
        {"host": "elsewhere.example"},
        {"cookie": "JSESSIONID=x", "authorization": ""},
    ],
)
def test_what_is_not_plain_goes_the_ordinary_way(world: World, headers: dict[str, str]) -> None:
    """Headers that ask for more than a plain call leave it to the ordinary way."""
    world.act(RATE)
    assert ask(world, RATE, **headers) is None


@pytest.mark.parametrize(
    "body", [b"", b"[", b"[]", b'{"flowName": 1}', {"flowName": "Unknown"}, {"flowName": "Same"}, b"{}" * 5_000_000]
)
def test_a_refusal_goes_the_ordinary_way(world: World, body: Any) -> None:
    """What is no request, names no flow or several, or is too large, is refused by the ordinary way."""
    world.act(RATE)
    assert ask(world, body) is None


def test_a_stranger_goes_the_ordinary_way(world: World) -> None:
    """A caller without the right is refused, and audited, by the ordinary way."""
    world.act(RATE, user="stranger")
    assert ask(world, RATE, user="stranger") is None


def test_too_many_under_way_go_the_ordinary_way(world: World) -> None:
    """While as many executions are under way as may be, nothing is executed at once."""
    world.act(RATE)
    metrics = world.runtime.metrics
    metrics.under_way += world.settings.concurrent_executions
    try:
        assert ask(world, RATE) is None
    finally:
        metrics.under_way -= world.settings.concurrent_executions


def test_an_anonymous_call_beyond_the_rate_is_counted_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one, one call is answered at once and the next goes the ordinary way, where it is refused."""
    body = {"flowName": "Open", "object": {}}
    world.act(body, user=None)
    monkeypatch.setattr(world.security, "_anonymous_rate", RateLimit(0.001))
    answers = [ask(world, body, user=None) for _ in range(2)]
    assert [answer is not None for answer in answers] == [True, False]


def test_an_older_catalog_goes_the_ordinary_way(world: World) -> None:
    """A worker whose catalog is older than the page asks for runs nothing before it has caught up."""
    world.act(RATE)
    page = world.page
    page.epoch += 1
    try:
        assert ask(world, RATE) is None
    finally:
        page.epoch -= 1


def test_every_wire_test_compares_both_ways(world: World) -> None:
    """The comparison in `World.act` has something to compare."""
    before = world.answered_at_once
    world.act(RATE)
    world.act(RATE)
    assert world.answered_at_once > before
