"""The outside system that pages call: a small HTTP and SOAP server at the address that they write as 127.0.0.1:9000."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_RATES: Final = {"USD": "36.10", "EUR": "39.55"}
_ENVELOPE: Final = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
_TOTAL: Final = '<GetTotalResponse xmlns="urn:billing"><total>1234567890123.10</total></GetTotalResponse>'
_NO_BILL: Final = (
    "<s:Fault><faultcode>s:Client.Unknown</faultcode><faultstring>There is no such bill.</faultstring></s:Fault>"
)


class _Rates(BaseHTTPRequestHandler):
    """Gives `/v1/rates/USD`, one after the other from `/v1/pages`, the total of the bill 4711 by SOAP at `/soap`, and says what it does not know."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        if self.path.startswith("/v1/pages?"):
            self._send_page()
            return
        place, _, currency = self.path.partition("?")[0].rpartition("/")
        rate = _RATES.get(currency) if place == "/v1/rates" else None
        if rate is None:
            self._send(404, json.dumps({"title": "There is no such currency."}))
        else:
            self._send(200, f'{{"currency": "{currency}", "rate": {rate}}}')

    def _send_page(self) -> None:
        """Send the rate that the cursor says, the first one without it, and where the next one is."""
        _, _, cursor = self.path.partition("cursor=a%2B")
        number = int(cursor or 0)
        (currency, rate), *others = list(_RATES.items())[number:]
        more = (f'<?cursor=a%2B{number + 1}>; rel="next"',) if others else ()
        self._send(200, f'[{{"currency": "{currency}", "rate": {rate}}}]', "application/json", *more)

    def do_POST(self) -> None:
        """Answer with an envelope."""
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        is_known = self.path == "/soap" and "<number>4711</number>" in asked
        self._send(200 if is_known else 500, _ENVELOPE.format(_TOTAL if is_known else _NO_BILL), "text/xml")

    def _send(self, status: int, text: str, kind: str = "application/json", *links: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for link in links:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def outside_server() -> Iterator[str]:
    """Serve, and give host and port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Rates)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
