"""A flow with one soap node over the WSDL of the tests, and a connection that answers as told without a network."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from tests.unit.nodes.rest.fake_http import FakeHttp
from tests.unit.small_apps import SmallApp, faults_of

from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.model.app import App

FOLDER: Final = Path(__file__).parents[3] / "servers" / "soap"
FILES: Final = {f"files/{name}": (FOLDER / name).read_bytes() for name in ("billing.wsdl", "types.xsd")}
APP: Final = """
app: Shop
version: v.1.0.0
connections:
  billing: {url: "https://billing.example/ws", CONNECTION}
"""
OBJECTS: Final = (
    """
business_object: Everything
fields:
  text: string
  flag: boolean
  amount: decimal
  ratio: decimal?
  count: integer
  big: integer?
  day: date
  clock: time?
  moment: date-time
  lasts: duration?
  currency: string
  bytes: string?
  nothing: decimal?
  note: [string]
""",
    """
business_object: Line
fields: {sku: string, price: decimal, line: [Line]}
""",
    """
business_object: Party
fields: {name: string}
""",
    """
business_object: Invoice
fields: {number: string, issued: date, person: Party?, line: [Line]}
""",
    """
business_object: Firm
fields: {name: string, taxNumber: string, taxNo: string?}
""",
    """
business_object: Note
fields: {a: string, b: string?, c: decimal?, d: boolean?, e: date?}
""",
)
_FLOW: Final = """
microflow: F
inputs: {In: INPUT}
outputs: {Out: OUTPUT}
variables: {All: Everything?, Inv: Invoice?, One: Note?, Lines: [Line]}
nodes:
  Start: {type: start, next: Call}
  Call:
    type: soap
    connection: billing
"""
_END: Final = """
    next: End
  End: {type: end}
"""
WSDL: Final = "    wsdl: files/billing.wsdl\n    schemas: [files/types.xsd]\n"


class FakeSoap(FakeHttp):
    """Resources whose SOAP server is a function."""

    def __init__(
        self,
        answer: Callable[[HttpRequest], Awaitable[HttpReply]] | HttpReply,
        address: str = "https://billing.example/ws",
    ) -> None:
        super().__init__(answer)
        self.address = address

    def http_address(self, app: App, connection: str) -> str:
        """Give the connection's address."""
        assert connection in app.connections
        return self.address


def texts(keys: str, *, given: str = "Note", gives: str = "Note", connection: str = "") -> tuple[str, ...]:
    """Give the definitions of the app whose node has these keys, indented by four."""
    flow = _FLOW.replace("INPUT", given).replace("OUTPUT", gives)
    files = "" if "wsdl:" in keys else WSDL
    app = APP.replace(", CONNECTION", f", {connection}" if connection else "")
    return (app, *OBJECTS, flow + files + keys.strip("\n") + _END)


def app_of(keys: str, sources: Any, **options: Any) -> SmallApp:
    """Give the app."""
    return SmallApp(*texts(keys, **options), sources=sources, files=FILES)


def told(keys: str, files: dict[str, bytes] | None = None, **options: Any) -> list[tuple[str, str]]:
    """Give what is wrong: codes and sentences with help."""
    found = faults_of(*texts(keys, **options), files=FILES if files is None else files)
    return [(fault.code, f"{fault.message} {fault.help}") for fault in found]


def envelope(inside: str, *, version: str = "http://schemas.xmlsoap.org/soap/envelope/") -> bytes:
    """Give an envelope with this body."""
    return f'<s:Envelope xmlns:s="{version}"><s:Body>{inside}</s:Body></s:Envelope>'.encode()


def got(body: bytes = b"", status: int = 200, **headers: str) -> HttpReply:
    """Give a reply."""
    return HttpReply(status=status, headers={"content-type": "text/xml"} | headers, body=body)
