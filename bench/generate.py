"""Makes the apps that are measured: the bench app with a longer flow, and an app of a thousand flows."""

import shutil
import uuid
from pathlib import Path
from typing import Final

from bench.quote import FLOW_ID

LONG_FLOW: Final = "Quote Long"
_BENCH: Final = Path(__file__).parent / "apps" / "Bench"
FLOWS_PER_PAIR: Final = 10
_NAMESPACE: Final = uuid.UUID("0d9f0c52-3b7e-4a0b-8a4e-94e1f3c1c7aa")

_REQUEST = """business_object: Request{pair}
fields:
  customer: {{type: string, max_length: 40}}
  amount: decimal
  quantity: {{type: integer, min: 1}}
  code: string?
"""

_REPLY = """business_object: Reply{pair}
fields:
  customer: string
  net: decimal
  discount: decimal
  total: decimal
"""

_FLOW = """microflow: {name}
id: {id}
description: Flow {number} of the generated app.
inputs:
  RequestBO: Request{pair}
outputs:
  ResponseBO: Reply{pair}
nodes:
  Start: {{type: start, next: Within limit?}}
  Within limit?:
    type: gateway
    links:
      - {{label: within, when: = RequestBO.amount * RequestBO.quantity <= {limit}, to: Net}}
      - {{label: over, otherwise: true, to: Reject}}
  Net:
    type: mapping
    out:
      ResponseBO.net: = RequestBO.amount * RequestBO.quantity
    next: Discount
  Discount:
    type: mapping
    out:
      ResponseBO.discount: = if RequestBO.quantity > 10 and RequestBO.code = "C{number}" then ResponseBO.net * 0.1 else 0
    next: Customer
  Customer:
    type: mapping
    out:
      ResponseBO.customer: = upper case(RequestBO.customer)
    next: Total
  Total:
    type: mapping
    out:
      ResponseBO.net: = round half up(ResponseBO.net, 2)
      ResponseBO.total: = round half up((ResponseBO.net - ResponseBO.discount) * {factor}, 2)
    next: End
  End: {{type: end}}
  Reject: {{type: throw, error: over_limit, message: The amount is over the limit of this flow.}}
"""


def bench_app(folder: Path, *, more_nodes: int) -> Path:
    """Copy the bench app and add a flow that is `Quote` with so many mapping nodes more, a decimal product in each."""
    app = folder / "Bench"
    shutil.copytree(_BENCH, app)
    text = (app / "microflows" / "Quote.yaml").read_text(encoding="utf-8")
    # The gateway's branches meet at the first added node, the last one goes on to Total: each is passed on every way.
    text = text.replace("microflow: Quote\n", f"microflow: {LONG_FLOW}\n").replace(FLOW_ID, _id_of(LONG_FLOW))
    text = text.replace("next: Total", "next: More 1")
    text = text.replace("outputs:\n", "variables:\n  Work: QuoteReply\noutputs:\n")
    for number in range(1, more_nodes + 1):
        onward = f"More {number + 1}" if number < more_nodes else "Total"
        text += f"  More {number}:\n    type: mapping\n    out:\n"
        text += f"      Work.net: = RequestBO.amount * 1.{number:02d}\n    next: {onward}\n"
    (app / "microflows" / f"{LONG_FLOW}.yaml").write_text(text, encoding="utf-8")
    return app


def many_flows(folder: Path, count: int, *, flows_per_pair: int = FLOWS_PER_PAIR) -> Path:
    """Make an app of `count` flows, each of eight nodes and six formulas, no two alike.

    So many flows share each pair of Business Objects; with 2, there are as many Business Objects as flows.
    """
    app = folder / "Many"
    for name in ("business_objects", "microflows"):
        (app / name).mkdir(parents=True)
    (app / "app.yaml").write_text("app: Many\nversion: v.0.1.0\n", encoding="utf-8")
    for pair in range((count + flows_per_pair - 1) // flows_per_pair):
        for name, text in ((f"Request{pair}", _REQUEST), (f"Reply{pair}", _REPLY)):
            (app / "business_objects" / f"{name}.yaml").write_text(text.format(pair=pair), encoding="utf-8")
    for number in range(count):
        write_flow(app, number, "1.07", flows_per_pair=flows_per_pair)
    return app


def write_flow(app: Path, number: int, factor: str, *, flows_per_pair: int = FLOWS_PER_PAIR) -> None:
    """Write one flow of the many. Its total is the net amount less the discount, times `factor`."""
    name = flow_name(number)
    text = _FLOW.format(
        name=name,
        id=_id_of(name),
        number=number,
        pair=number // flows_per_pair,
        limit=100_000 + number,
        factor=factor,
    )
    (app / "microflows" / f"{name}.yaml").write_text(text, encoding="utf-8")


def flow_name(number: int) -> str:
    """Give the name of one flow of the many."""
    return f"Flow {number:04d}"


def _id_of(flow: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, flow))
