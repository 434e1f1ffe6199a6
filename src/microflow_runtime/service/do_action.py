"""The use case of DoAction: find the flow, see that the caller may, run it, give the reply in the six keys.

Source: ONEWEB, POST /MicroflowRest/DoAction (WIRE.md).
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter_ns
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.business_objects import JsonLimits, Notes, decode_json, encode_json
from microflow_runtime.engine import Run, perform, read_inputs
from microflow_runtime.errors import (
    AmbiguousFlow,
    BadRequest,
    ExecutionError,
    MicroflowError,
    NotAuthenticated,
    NotAvailable,
    NotFound,
    NotPermitted,
    Refusal,
    TooManyRequests,
)
from microflow_runtime.model.principal import Principal
from microflow_runtime.runtime import Catalog, FlowEntry, Runtime
from microflow_runtime.security import ANONYMOUS, Security
from microflow_runtime.service.recent import RecentExecutions
from microflow_runtime.telemetry import get_log

_log: Final = get_log("do_action")
_INTERNAL: Final = "An internal error; the server's log tells more under this execution's id."


class ActionRequest(msgspec.Struct, frozen=True):
    """A decoded request. Empty text stands for a field that was absent, empty or null."""

    flow_name: str
    app_name: str
    unique_id: str
    snapshot_version: str
    objects: dict[str, Any]


class ActionReply(msgspec.Struct, frozen=True):
    """What goes back: HTTP status, the six keys as JSON, and the entry that ran, if one did."""

    status: int
    body: bytes
    entry: FlowEntry | None = None
    catalog: Catalog | None = None
    retry_after_seconds: int | None = None


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
    return ActionRequest(
        name, _optional(given, "appName"), _optional(given, "uniqueId"), _optional(given, "snapVersion"), objects
    )


def _optional(given: dict[str, Any], key: str) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if type(value) is not str:
        raise BadRequest(f"The key {key} must be a text.")
    return value


HungUp = Callable[[], Awaitable[None]]
"""Returns when the caller has gone."""


class CallerGone(Exception):
    """The caller hung up; the execution was stopped and undone."""


class DoAction:
    """Executes flows. One per worker. `new_id` makes execution ids; tests inject their own."""

    def __init__(
        self, runtime: Runtime, security: Security, *, new_id: Callable[[], str] = lambda: os.urandom(16).hex()
    ) -> None:
        settings = runtime.settings
        self.runtime = runtime
        self.security = security
        self.recent = RecentExecutions()
        self.json_limits = JsonLimits(
            depth=settings.nesting_depth,
            keys_per_object=settings.object_keys,
            keys=settings.total_keys,
            text_bytes=settings.text_bytes,
        )
        self._new_id = new_id
        self._most = settings.concurrent_executions
        self._most_each = settings.concurrent_per_principal
        self._under_way: dict[str, int] = {}
        self._capture = settings.capture_values

    async def act(
        self,
        principal: Principal,
        body: bytes,
        *,
        min_epoch: int = 0,
        hung_up: HungUp | None = None,
        address: str = "",
    ) -> ActionReply:
        """Execute what the body asks for and give the reply; a failing flow is a reply, not an exception.

        So is a refusal, once the body was understood. Raises Refusal when it is no request at all, CallerGone when
        `hung_up` returned while a flow waited for something.
        """
        runtime = self.runtime
        catalog = runtime.catalog if runtime.is_current() else await runtime.catch_up()
        if min_epoch > catalog.epoch:
            raise NotAvailable(f"This server is at epoch {catalog.epoch}.", retry_after_seconds=1)
        try:
            request = read_action(body, self.json_limits)
        except BadRequest as refusal:
            if principal is ANONYMOUS and not any(entry.record.anonymous_as for entry in catalog.entries()):
                raise NotAuthenticated("This needs a session.") from refusal
            raise
        try:
            entry, runs_as = await self._let_in(catalog, principal, request, address)
            return await self._run(catalog, entry, runs_as, request, hung_up)
        except (AmbiguousFlow, Refusal) as error:
            after = error.retry_after_seconds if isinstance(error, Refusal) else None
            return ActionReply(error.status, error_body(error.message, request.flow_name), None, catalog, after)

    async def _let_in(
        self, catalog: Catalog, principal: Principal, request: ActionRequest, address: str
    ) -> tuple[FlowEntry, Principal]:
        """Find the one entry that the request means and the principal it runs as."""
        found = [entry for entry in catalog.find_named(request.flow_name) if _matches(entry, request)]
        if principal is ANONYMOUS:
            found = [entry for entry in found if self._account_of(entry) is not None]
            if not found:
                raise NotAuthenticated("This needs a session.")
        elif not found:
            raise NotFound("There is no such flow.")
        else:
            allowed = [entry for entry in found if principal.may("microflow", entry.object_name, "execute")]
            if not allowed:
                name = found[0].object_name
                await self.security.audit_refusal(principal, "execute", "microflow", name, address=address)
                raise NotPermitted(f"No role of {principal.username} permits to execute this flow.")
            found = allowed
        entry = _choose(found, request)
        return entry, self._runs_as(entry, principal)

    def _account_of(self, entry: FlowEntry) -> Principal | None:
        """Give the service account that callers without a session run the flow as, if both flow and a role say so."""
        account = entry.record.anonymous_as
        return None if account is None else self.security.find_service_principal(entry.object_name, account)

    def _runs_as(self, entry: FlowEntry, principal: Principal) -> Principal:
        if principal is ANONYMOUS:
            account = self._account_of(entry)
            assert account is not None
            self.security.take_anonymous(account.username)
            principal = account
        if entry.record.runs_as is None:
            return principal
        granted = self.security.find_service_principal(entry.object_name, entry.record.runs_as)
        if granted is None:
            raise NotPermitted("The flow runs as a service account that no role grants it.")
        return granted

    async def _run(
        self,
        catalog: Catalog,
        entry: FlowEntry,
        principal: Principal,
        request: ActionRequest,
        hung_up: HungUp | None,
    ) -> ActionReply:
        self._enter(principal)
        execution_id = self._new_id()
        started = perf_counter_ns()
        run: Run | None = None
        exception = ""
        notes = Notes()
        try:
            plan = entry.plan
            frame = read_inputs(plan, request.objects, principal, notes)
            runtime = self.runtime
            run = Run(
                plan,
                frame,
                principal,
                runtime.data_sources,
                runtime.limits.tightened(plan.limits) if plan.tightens else runtime.limits,
                execution_id,
                capture=self._capture,
            )
            if plan.waits and hung_up is not None:
                async with _stopped_when(hung_up):
                    results = await perform(run)
            else:
                results = await perform(run)
            body = reply_body(results, entry, execution_id)
        except ExecutionError as error:
            exception = error.message
            body = error_body(exception, entry.record.name, entry.record.id, execution_id)
            _log.info(
                "execution failed", flow=entry.object_name, execution=execution_id, code=error.code, error=exception
            )
        except MicroflowError as error:
            exception = error.message
            body = error_body(exception, entry.record.name, entry.record.id, execution_id)
            _log.error(
                "execution failed", flow=entry.object_name, execution=execution_id, code=error.code, error=exception
            )
        except CallerGone:
            exception = "The caller hung up."
            _log.info("caller hung up", flow=entry.object_name, execution=execution_id)
            raise
        except Exception:  # noqa: BLE001 - the edge of a call: a bug of ours or of an installed node type must not end the worker
            exception = _INTERNAL
            body = error_body(exception, entry.record.name, entry.record.id, execution_id)
            _log.exception("execution met a bug", flow=entry.object_name, execution=execution_id)
        finally:
            self._leave(principal)
            entry.recorder.record(not exception, (perf_counter_ns() - started) / 1e9)
        if run is not None:
            self.recent.keep(run, entry, catalog.epoch, exception, notes.unknown_fields)
        return ActionReply(200, body, entry, catalog)

    def _enter(self, principal: Principal) -> None:
        """Count the execution in. Raises NotAvailable or TooManyRequests at once when there are too many under way."""
        metrics = self.runtime.metrics
        if metrics.under_way >= self._most:
            raise NotAvailable("Too many executions are under way.", retry_after_seconds=1)
        mine = self._under_way.get(principal.username, 0)
        if mine >= self._most_each:
            raise TooManyRequests("Too many of your executions are under way.", retry_after_seconds=1)
        self._under_way[principal.username] = mine + 1
        metrics.under_way += 1

    def _leave(self, principal: Principal) -> None:
        self.runtime.metrics.under_way -= 1
        left = self._under_way[principal.username] - 1
        if left:
            self._under_way[principal.username] = left
        else:
            del self._under_way[principal.username]


@asynccontextmanager
async def _stopped_when(hung_up: HungUp) -> AsyncIterator[None]:
    """Cancel what runs inside when the caller hangs up. Raises CallerGone then."""
    task = asyncio.current_task()
    assert task is not None
    watcher = asyncio.ensure_future(hung_up())

    def stop(_: object) -> None:
        task.cancel()

    watcher.add_done_callback(stop)
    try:
        yield
    except asyncio.CancelledError:
        if not watcher.done() or watcher.cancelled():
            raise
        task.uncancel()
        raise CallerGone from None
    finally:
        watcher.remove_done_callback(stop)
        watcher.cancel()


def _matches(entry: FlowEntry, request: ActionRequest) -> bool:
    """All given fields must match; a snapshot is meant by its version or by its full name."""
    record = entry.record
    return (
        (not request.app_name or record.app == request.app_name)
        and (not request.unique_id or record.id == request.unique_id)
        and (not request.snapshot_version or request.snapshot_version in (record.snapshot, record.version))
    )


def _choose(found: list[FlowEntry], request: ActionRequest) -> FlowEntry:
    """Of several snapshots the active one wins, or the one that is named exactly; several apps are for the caller to choose from."""
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


def reply_body(results: bytes, entry: FlowEntry, execution_id: str) -> bytes:
    """Put the outputs into the six keys."""
    return b"".join((_HEAD, results, entry.reply_tail, execution_id.encode(), b'"}'))


_HEAD: Final = b'{"exception":"","responseStatus":"SUCCESS","responseObjectsMap":'


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
