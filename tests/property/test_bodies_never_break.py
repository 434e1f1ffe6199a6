"""Whatever the body: an answer in the right keys, never a 5xx, and the next good call succeeds."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.wire.apps import write_wire_apps
from tests.wire.asgi_client import Answer
from tests.wire.world import World

BOUNDED = settings(max_examples=200, deadline=1000, suppress_health_check=[HealthCheck.too_slow])
SIX = {"exception", "responseStatus", "responseObjectsMap", "flowName", "flowId", "tId"}
TEN = {
    "businessObjectSize", "exception", "fieldDescriptersMapSize", "process", "businessObjectDefSize", "files",
    "cacheClassSize", "definitionSize", "responseStatus", "fieldDescripterSize",
}  # fmt: skip
_GOOD = b'{"flowName":"Spaces"}'
_FLOWS = ["Rate", "Numbers", "Everything", "Takes Lists", "Shapes", "Throws", "Divides", "Same", "Open", "nothing"]
_NAMES = [
    "flowName", "object", "appName", "uniqueId", "snapVersion", "RequestBO", "requestData", "Numbers", "amount", "count",
    "Everything", "text", "whole", "exact", "yes", "day", "hour", "moment", "span", "none", "Rows", "Shape", "kind",
    "fileNames", "event", "", "\x00", "__class__", "ไทย",
]  # fmt: skip
_ODD_NUMBERS = [
    b"1e400", b"-1e-6144", b"1e6145", b"1e999999999", b"1E-99999999999999999999", b"0e0", b"-0.0", b"NaN", b"Infinity",
    b"9" * 999, b"9" * 1001, b"0." + b"1" * 1001, b"01", b"+1", b".5", b"1.", b"0x1",
]  # fmt: skip
_TEXTS = st.text(max_size=6) | st.sampled_from(
    ["2026-05-19", "2026-02-30", "0000-01-01", "24:00:00", "15:15:00", "P1D", "-P999999999999D", "7", "NaN", "full"]
)
_SCALARS = (
    st.none().map(msgspec.json.encode)
    | st.booleans().map(msgspec.json.encode)
    | st.integers(-(2**70), 2**70).map(lambda number: str(number).encode())
    | st.sampled_from(_ODD_NUMBERS)
    | _TEXTS.map(msgspec.json.encode)
)


def _listed(items: list[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


def _object(entries: list[tuple[str, bytes]]) -> bytes:
    """Put entries together without looking for names that come twice."""
    return b"{" + b",".join(msgspec.json.encode(name) + b":" + value for name, value in entries) + b"}"


_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4).map(_listed)
        | st.lists(st.tuples(st.sampled_from(_NAMES) | st.text(max_size=3), inner), max_size=5).map(_object)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a worker that serves the wire apps, with everything allowed."""
    folder = tmp_path_factory.mktemp("bodies")
    made = World(folder, write_wire_apps(folder / "apps"), allow=[("microflow", "*", "execute")])
    yield made
    made.close()


def check(world: World, answer: Answer, keys: set[str]) -> None:
    """See that the answer is one of ours, tells no secrets, and that the next good call succeeds."""
    assert answer.status < 500
    told = msgspec.json.decode(answer.body)
    assert set(told) == keys
    assert (told["responseStatus"] == "SUCCESS") == (told["exception"] == "")
    assert "Traceback" not in told["exception"]
    assert "/home" not in told["exception"]
    assert str(world.settings.home) not in told["exception"]
    assert b'"responseStatus":"SUCCESS"' in world.act(_GOOD).body


@BOUNDED
@given(body=st.binary(max_size=40) | _VALUES)
def test_any_bytes_and_any_json(world: World, body: bytes) -> None:
    """Bytes of any kind and JSON of any shape are answered with the six keys."""
    check(world, world.act(body), SIX)


@BOUNDED
@given(flow=st.sampled_from(_FLOWS), objects=_VALUES, more=_VALUES)
def test_any_input_of_a_known_flow(world: World, flow: str, objects: bytes, more: bytes) -> None:
    """A call of a known flow with any `object` at all fails or succeeds, and breaks nothing."""
    name = msgspec.json.encode(flow)
    check(world, world.act(b'{"flowName":' + name + b',"object":' + objects + b',"more":' + more + b"}"), SIX)


@BOUNDED
@given(
    flow=st.sampled_from(["Numbers", "Everything", "Takes Lists", "Shapes", "Rate"]),
    entries=st.lists(st.tuples(st.sampled_from(_NAMES), _VALUES), max_size=12),
)
def test_any_fields_of_the_declared_input(world: World, flow: str, entries: list[tuple[str, bytes]]) -> None:
    """Any value in any field of the input that is declared is taken or refused by name."""
    name = {"Takes Lists": b'"Rows":[', "Shapes": b'"Shape":', "Rate": b'"RequestBO":'}.get(
        flow, msgspec.json.encode(flow) + b":"
    )
    given_object = b"{" + name + _object(entries) + (b"]}" if flow == "Takes Lists" else b"}")
    check(world, world.act(b'{"flowName":' + msgspec.json.encode(flow) + b',"object":' + given_object + b"}"), SIX)


@BOUNDED
@given(body=st.binary(max_size=20) | _VALUES, names=_VALUES, event=st.sampled_from(["refresh", "file", "generate"]))
def test_any_body_of_class_action(world: World, body: bytes, names: bytes, event: str) -> None:
    """ClassAction answers any body with its ten keys."""
    headers = {"content-type": "application/json", **world.session("operator")}
    for raw in (body, b'{"event":"' + event.encode() + b'","fileNames":' + names + b"}"):
        check(world, world.send("POST", "/MicroflowRest/classAction", raw, headers), TEN)


@BOUNDED
@given(
    content_type=st.text(alphabet='aj/;= "=charset-utf816\x85ÿ', max_size=20) | st.just("application/json; charset"),
    authorization=st.text(alphabet="Bearer mf1_é\t", max_size=20),
    cookie=st.text(alphabet='JSESSIONID=;. "é', max_size=20),
)
def test_any_headers(world: World, content_type: str, authorization: str, cookie: str) -> None:
    """Headers of any content are taken or refused."""
    headers = {"content-type": content_type, "authorization": authorization, "cookie": cookie}
    check(world, world.send("POST", "/MicroflowRest/DoAction", _GOOD, headers), SIX)
