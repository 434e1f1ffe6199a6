"""Refusals off the wire paths: RFC 9457, `application/problem+json`."""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.responses import Response

from microflow_runtime.errors import DefinitionFaults, MicroflowError
from microflow_runtime.web.endpoint import answer_headers, told

PROBLEM: Final = "application/problem+json"
_MOST_FAULTS: Final = 1_000


def problem(error: MicroflowError, *, allow: str = "") -> Response:
    """Give the answer to what was refused. `allow` are the methods of the path.

    Beside the members of the standard it has `code`, of the errors reference, and the `faults` of definitions, the first
    thousand, with how many there are in `fault_count`.
    """
    status, message = told(error)
    body: dict[str, Any] = {
        "type": f"urn:microflow:error:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        "code": error.code,
    }
    if isinstance(error, DefinitionFaults):
        body["fault_count"] = len(error.faults)
        body["faults"] = error.faults[:_MOST_FAULTS]
    headers = answer_headers(error, allow=allow)
    return Response(msgspec.json.encode(body), status, headers, media_type=PROBLEM)
