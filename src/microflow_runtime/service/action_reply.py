"""What goes back to a caller of DoAction: always the six keys.

Source: ONEWEB, POST /MicroflowRest/DoAction (WIRE.md).
"""

from typing import Final

import msgspec

from microflow_runtime.compiler.business_objects import encode_json
from microflow_runtime.runtime import Catalog, FlowEntry

_HEAD: Final = b'{"exception":"","responseStatus":"SUCCESS","responseObjectsMap":'


class ActionReply(msgspec.Struct, frozen=True):
    """What goes back: HTTP status, the six keys as JSON, and the entry that ran, if one did."""

    status: int
    body: bytes
    entry: FlowEntry | None = None
    catalog: Catalog | None = None
    retry_after_seconds: int | None = None


def reply_body(results: bytes, entry: FlowEntry, execution_id: str) -> bytes:
    """Put the outputs into the six keys."""
    return b"".join((_HEAD, results, entry.reply_tail, execution_id.encode(), b'"}'))


def error_body(message: str, flow_name: str = "", flow_id: str = "", execution_id: str = "") -> bytes:
    """Give the six keys of a call that failed or was refused."""
    return encode_json(
        {
            "exception": message,
            "responseStatus": "ERROR",
            "responseObjectsMap": {},
            "flowName": flow_name,
            "flowId": flow_id,
            "tId": execution_id,
        }
    )
