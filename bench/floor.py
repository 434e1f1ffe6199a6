"""The floor: a bare ASGI callable with msgspec that does this one job and nothing else.

It reads the body, decodes it into typed structs, looks up the session of the Bearer token, checks the permission, takes
the gateway, computes with decimals, rounds, and encodes the six keys. No other path, no limits, no trace, no metrics.
The token of the one session comes from the variable BENCH_TOKEN.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

import msgspec

from bench import quote

Message = MutableMapping[str, Any]


class Request(msgspec.Struct):
    """The input of the job."""

    customer: Annotated[str, msgspec.Meta(max_length=40)]
    amount: Decimal
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    rate: Decimal


class Inputs(msgspec.Struct):
    """The inputs by name."""

    RequestBO: Request


class Call(msgspec.Struct):
    """A body of DoAction."""

    flowName: str  # noqa: N815 - the key of the wire
    object: Inputs


class Reply(msgspec.Struct):
    """The output of the job."""

    customer: str
    tier: str
    net: Decimal
    total: Decimal


class Outputs(msgspec.Struct):
    """The outputs by name."""

    ResponseBO: Reply


class Answer(msgspec.Struct):
    """The six keys."""

    exception: str
    responseStatus: str  # noqa: N815
    responseObjectsMap: Outputs  # noqa: N815
    flowName: str  # noqa: N815
    flowId: str  # noqa: N815
    tId: str  # noqa: N815


class Session(msgspec.Struct, frozen=True):
    """Who calls, and what they may do."""

    username: str
    grants: frozenset[tuple[str, str, str]]


_SESSIONS = {b"Bearer " + os.environ["BENCH_TOKEN"].encode(): Session(quote.USER, frozenset({quote.GRANT}))}
_decode = msgspec.json.Decoder(Call).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer one request."""
    if scope["type"] != "http":
        return
    if scope["path"] != quote.PATH:
        await _send(send, 200 if scope["path"] == "/livez" else 404, b"{}")
        return
    session = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            session = _SESSIONS.get(value)
            break
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    if session is None:
        await _send(send, 401, b"{}")
        return
    if quote.GRANT not in session.grants:
        await _send(send, 403, b"{}")
        return
    try:
        call = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        await _send(send, 400, b"{}")
        return
    given = call.object.RequestBO
    if given.amount >= quote.BIG:
        tier, net = "wholesale", given.amount * quote.LARGE_FACTOR
    else:
        tier, net = "retail", given.amount * quote.SMALL_FACTOR
    total = (net * given.quantity * given.rate).quantize(quote.CENT, ROUND_HALF_UP)
    reply = Outputs(Reply(given.customer, tier, net, total))
    answer = Answer("", "SUCCESS", reply, call.flowName, quote.FLOW_ID, os.urandom(16).hex())
    await _send(send, 200, _encode(answer))


async def _send(send: Callable[[Message], Awaitable[None]], status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
