"""Loyalty points for an order."""

from decimal import Decimal
from typing import Any

RATES = {"gold": Decimal("0.02"), "silver": Decimal("0.01")}


def points(order: dict[str, Any], rates: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the points that an order earns. Raises LookupError for a level that has none."""
    known = RATES | {rate["level"]: rate["rate"] for rate in rates}
    if order["level"] not in known:
        raise LookupError(f"no rate for the level {order['level']}")
    total = sum((line["price"] * line["count"] for line in order["lines"]), Decimal(0))
    return {"points": int(total * known[order["level"]]), "total": total, "earned_on": order["placed_on"]}
