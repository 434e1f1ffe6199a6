"""The use cases that replace definitions while calls are running: refreshCache and classAction.

Source: ONEWEB, GET /MicroflowRest/refreshCache and POST /MicroflowRest/classAction (WIRE.md).
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.business_objects import JsonLimits, decode_json
from microflow_runtime.errors import BadRequest, MicroflowError
from microflow_runtime.model.principal import Principal
from microflow_runtime.runtime import RefreshReport, Runtime
from microflow_runtime.runtime.overridden import find_overridden
from microflow_runtime.runtime.packages import fetch_packages
from microflow_runtime.runtime.publishing import fetch
from microflow_runtime.security import Security
from microflow_runtime.service.permission import require
from microflow_runtime.store import AuditEntry
from microflow_runtime.telemetry import get_log

_log: Final = get_log("refresh")
MOST_FILE_NAMES: Final = 1_000
_EVENTS: Final = ("refresh", "file", "generate")


class ClassAction(msgspec.Struct, frozen=True):
    """A decoded request of classAction. A file name is text to be looked up, never a path."""

    file_names: tuple[str, ...]
    event: str


def read_class_action(body: bytes, limits: JsonLimits) -> ClassAction:
    """Decode the body. Raises BadRequest when it is no such request."""
    given = decode_json(body, limits)
    if type(given) is not dict:
        raise BadRequest("The body must be a JSON object with fileNames and event.")
    event = given.get("event")
    if event not in _EVENTS:
        raise BadRequest(f"The key event must be one of {', '.join(_EVENTS)}.")
    names = given.get("fileNames")
    if type(names) is not list or not all(type(name) is str and name for name in names):
        raise BadRequest("The key fileNames must be a list of texts.")
    if not 0 < len(names) <= MOST_FILE_NAMES:
        raise BadRequest(f"The key fileNames must hold 1 to {MOST_FILE_NAMES} names.")
    return ClassAction(tuple(names), event)


async def refresh_cache(runtime: Runtime, security: Security, principal: Principal, address: str = "") -> RefreshReport:
    """Reload all definitions. When this returns, every worker sees them.

    Raises DefinitionFaults, changing nothing, when something is wrong with them; Refusal when the caller may not.
    """
    await require(security, principal, "cache", "refresh", address=address)
    report = await _counted(runtime, runtime.refresh(_auditing(security, principal, "refresh", address)))
    return await _with_overridden(runtime, report, None)


async def require_class_action(security: Security, principal: Principal, address: str = "") -> None:
    """Let the body be read of who may do one. Raises Refusal."""
    await require(security, principal, "cache", "classAction", address=address)


async def class_action(
    runtime: Runtime, security: Security, principal: Principal, body: bytes, limits: JsonLimits, address: str = ""
) -> RefreshReport:
    """Refresh, fetch or generate the named flows. Raises as `refresh_cache`; NotFound when a name is not known."""
    await require_class_action(security, principal, address)
    action = read_class_action(body, limits)
    audit = _auditing(security, principal, f"classAction {action.event}", address)
    if action.event == "file":
        packages = await fetch_packages(runtime.settings, action.file_names)
        return await _counted(runtime, fetch(runtime, packages, audit))
    report = await _counted(runtime, runtime.refresh(audit, action.file_names))
    report = await _with_overridden(runtime, report, {app for app, _, _ in report.places})
    if action.event == "generate":
        for place in report.places:
            entry = runtime.catalog.find_place(place)
            if entry is not None:
                _ = entry.plan
            await asyncio.sleep(0)
    return report


def class_action_body(
    report: RefreshReport | None, action_files: tuple[str, ...] = (), exception: str = ""
) -> dict[str, Any]:
    """Give the ten keys, spelt as the API spells them."""
    told = report or RefreshReport(epoch=0, changed=False)
    return {
        "businessObjectSize": told.business_objects,
        "exception": exception,
        "fieldDescriptersMapSize": told.field_maps,
        "process": list(told.flows),
        "businessObjectDefSize": told.business_object_definitions,
        "files": list(action_files),
        "cacheClassSize": told.classes,
        "definitionSize": told.definitions,
        "responseStatus": "ERROR" if exception else "SUCCESS",
        "fieldDescripterSize": told.fields,
    }


def _auditing(security: Security, principal: Principal, action: str, address: str) -> Callable[[str], AuditEntry]:
    def make(detail: str) -> AuditEntry:
        return security.auditor.make(principal, action, "cache", "*", address=address, detail=detail)

    return make


async def _with_overridden(runtime: Runtime, report: RefreshReport, apps: Collection[str] | None) -> RefreshReport:
    """Tell report and log of the folders, of these apps or of all, that were read and do not answer."""
    report.overridden = await find_overridden(runtime, apps)
    for each in report.overridden:
        since = "" if each.at is None else each.at.isoformat()
        _log.warning("folder does not answer", app=each.app, answers=each.version, since=since, by=each.actor)
    return report


async def _counted(runtime: Runtime, refreshing: Any) -> RefreshReport:
    refreshes = runtime.metrics.refreshes
    try:
        report: RefreshReport = await refreshing
    except MicroflowError:
        refreshes["failed"] += 1
        raise
    refreshes["done"] += 1
    return report
