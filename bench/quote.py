"""The one job that all compared services do: its requests, and the reply that each of them has to give."""

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

PATH: Final = "/MicroflowRest/DoAction"
FLOW: Final = "Quote"
FLOW_ID: Final = "5b9f5a2e-6b1d-4a73-9d0c-2f2b7a7f8c10"
USER: Final = "bench"
GRANT: Final = ("microflow", "Bench/Quote", "execute")
BIG: Final = Decimal(1000)
LARGE_FACTOR: Final = Decimal("0.95")
SMALL_FACTOR: Final = Decimal("1.02")
CENT: Final = Decimal("0.01")

_INPUTS: Final = (
    {"customer": "Somchai Trading", "amount": 1250.75, "quantity": 3, "rate": 1.07},
    {"customer": "Siam Parts", "amount": 480.2, "quantity": 12, "rate": 1.07},
    {"customer": "Chiang Mai Crafts", "amount": 999.99, "quantity": 1, "rate": 1.1},
    {"customer": "Andaman Foods", "amount": 20000, "quantity": 40, "rate": 0.9975},
)


def bodies(flow: str = FLOW) -> list[bytes]:
    """Give the request bodies that a load repeats: both ways out of the gateway, whole and broken numbers."""
    return [_encoded({"flowName": flow, "object": {"RequestBO": each}}) for each in _INPUTS]


def expected_reply(body: bytes) -> dict[str, Any]:
    """Compute, from the request alone and with exact decimals, what `ResponseBO` has to be."""
    given = json.loads(body, parse_float=Decimal, parse_int=Decimal)["object"]["RequestBO"]
    is_big = given["amount"] >= BIG
    net = given["amount"] * (LARGE_FACTOR if is_big else SMALL_FACTOR)
    total = (net * given["quantity"] * given["rate"]).quantize(CENT, ROUND_HALF_UP)
    tier = "wholesale" if is_big else "retail"
    return {"customer": given["customer"], "tier": tier, "net": net, "total": total}


def fault_in_reply(body: bytes, reply: bytes) -> str | None:
    """Say what is wrong with a reply, or None when it is right. Numbers are compared by value."""
    try:
        found = json.loads(reply, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        return f"the reply is not JSON: {reply[:200]!r}"
    if found.get("responseStatus") != "SUCCESS" or len(found) != 6:
        return f"the call failed: {reply[:300]!r}"
    if not found["tId"] or not found["flowId"]:
        return f"the ids are missing: {reply[:300]!r}"
    expected = expected_reply(body)
    if found["responseObjectsMap"] != {"ResponseBO": expected}:
        return f"expected {expected}, got {found['responseObjectsMap']}"
    return None


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
