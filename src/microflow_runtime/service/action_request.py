"""What a body of DoAction asks for, and which flow of the catalog it means.

Source: ONEWEB, POST /MicroflowRest/DoAction (WIRE.md).
"""

from typing import Any, Final

import msgspec

from microflow_runtime.compiler.business_objects import JsonLimits, decode_json
from microflow_runtime.errors import AmbiguousFlow, BadRequest
from microflow_runtime.runtime import FlowEntry

LARGE_BYTES: Final = 128 * 1024
"""A body of this size takes about a millisecond to decode."""


class ActionRequest(msgspec.Struct, frozen=True):
    """A decoded request. Empty text stands for a field that was absent, empty or null.

    `is_plain` tells that nothing but the flow's name says which flow is meant, as both real clients do. `is_large` tells
    that the body had so many bytes that others must have their turn between the parts of the work.
    """

    flow_name: str
    app_name: str
    unique_id: str
    snapshot_version: str
    objects: dict[str, Any]
    is_plain: bool
    is_large: bool = False


def read_action(body: bytes, limits: JsonLimits) -> ActionRequest:
    """Decode the body of DoAction. Raises BadRequest when it is no request at all; unknown keys are passed over."""
    given = decode_json(body, limits)
    if type(given) is not dict:
        raise BadRequest("The body must be a JSON object with flowName.")
    name = given.get("flowName")
    if type(name) is not str or not name:
        raise BadRequest("The body needs flowName, a text.")
    objects = given.get("object")
    if objects is None:
        objects = {}
    elif type(objects) is not dict:
        raise BadRequest("The key object must be an object: Business Object name to value.")
    is_large = len(body) > LARGE_BYTES
    if len(given) <= 2 and "object" in given:
        return ActionRequest(name, "", "", "", objects, True, is_large)  # noqa: FBT003 - the quick form of the common request
    app, flow_id, version = (_optional(given, key) for key in ("appName", "uniqueId", "snapVersion"))
    return ActionRequest(name, app, flow_id, version, objects, not (app or flow_id or version), is_large)


def _optional(given: dict[str, Any], key: str) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if type(value) is not str:
        raise BadRequest(f"The key {key} must be a text.")
    return value


def matches(entry: FlowEntry, request: ActionRequest) -> bool:
    """Tell whether all given fields match; a snapshot is meant by its version or by its full name, else the active one."""
    record = entry.record
    wanted = request.snapshot_version
    return (
        (wanted in {record.snapshot, record.version} if wanted else record.active)
        and (not request.app_name or record.app == request.app_name)
        and (not request.unique_id or record.id == request.unique_id)
    )


def choose(found: list[FlowEntry], request: ActionRequest) -> FlowEntry:
    """Give the one entry that is meant of those that match: a published snapshot before a working folder of its version.

    Raises AmbiguousFlow when several apps are left; that is for the caller to choose.
    """
    if len(found) == 1:
        return found[0]
    apps = sorted({entry.record.app for entry in found})
    if len(apps) > 1:
        raise AmbiguousFlow(
            f'The flow "{request.flow_name}" is in several apps; name one in appName: {", ".join(apps)}.'
        )
    if request.snapshot_version:
        exact = [entry for entry in found if entry.record.snapshot == request.snapshot_version]
        if exact:
            return exact[0]
    return next((entry for entry in found if entry.record.active), found[-1])
