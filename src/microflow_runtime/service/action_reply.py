"""What goes back to a caller of DoAction: always the six keys.

Source: ONEWEB, POST /MicroflowRest/DoAction (WIRE.md).
"""

from typing import Final

import msgspec

from microflow_runtime.compiler.business_objects import encode_json
from microflow_runtime.runtime import Catalog, FlowEntry

_HEAD: Final = b'{"exception":"","responseStatus":"SUCCESS","responseObjectsMap":'


class ActionReply(msgspec.Struct, frozen=True):
    """What goes back: HTTP status, the six keys as JSON, and the entry that ran, if one did.

    `kind` and `code` are those of the error where the call failed or was refused.
    """

    status: int
    body: bytes
    entry: FlowEntry | None = None
    catalog: Catalog | None = None
    retry_after_seconds: int | None = None
    kind: str = ""
    code: str = ""


class CallFailed(Exception):
    """An execution failed, or could not begin. `reply` is what goes back; nothing else is to be done about it."""

    def __init__(self, reply: ActionReply) -> None:
        super().__init__()
        self.reply = reply


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
