"""The use case of DoAction: find the flow, see that the caller may, run it, give the reply in the six keys.

Source: ONEWEB, POST /MicroflowRest/DoAction (WIRE.md).
"""

import asyncio
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Final, NamedTuple

from microflow_runtime.compiler import Plan
from microflow_runtime.compiler.business_objects import JsonLimits
from microflow_runtime.engine import Run, mask_sentence, masked_trace, perform, perform_at_once, read_inputs
from microflow_runtime.errors import (
    AmbiguousFlow,
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
from microflow_runtime.service.action_reply import ActionReply, CallFailed, error_body, reply_body
from microflow_runtime.service.action_request import LARGE_BYTES, ActionRequest, choose, matches, read_action
from microflow_runtime.service.execution_ids import ExecutionIds
from microflow_runtime.service.hang_up import CallerGone, HungUp, stopped_when
from microflow_runtime.service.recent import RecentExecutions
from microflow_runtime.telemetry import get_log

_log: Final = get_log("do_action")
_INTERNAL: Final = "An internal error; the server's log tells more under this execution's id."


class Trace(NamedTuple):
    """The W3C trace context that a caller sent, which goes on with the calls of the execution."""

    parent: str
    state: str


NO_TRACE: Final = Trace("", "")

_NOT_COMPILED: Final = "The flow cannot be compiled any more; the server's log tells why."


class DoAction:
    """Executes flows. One per worker. `new_id` makes execution ids; tests inject their own."""

    def __init__(self, runtime: Runtime, security: Security, *, new_id: Callable[[], str] | None = None) -> None:
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
        self._new_id = new_id or ExecutionIds().new
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
        trace: Trace = NO_TRACE,
    ) -> ActionReply:
        """Execute what the body asks for and give the reply; a failing flow is a reply, not an exception.

        So is a refusal, once the body was understood. Raises Refusal when it is no request at all (give it to
        `permission.refuse_unread`), CallerGone when `hung_up` returned while a flow waited for something.
        """
        runtime = self.runtime
        catalog = runtime.catalog if runtime.is_current() else await runtime.catch_up()
        if min_epoch > catalog.epoch:
            raise NotAvailable(f"This server is at epoch {catalog.epoch}.", retry_after_seconds=1)
        request = read_action(body, self.json_limits)
        if request.is_large:
            await asyncio.sleep(0)
        try:
            entry = self._find(catalog, principal, request)
            runs_as = self._let_in(entry, principal)
            body = await self._execute(catalog, entry, runs_as, request, hung_up, trace)
            return ActionReply(200, body, entry, catalog)
        except CallFailed as failed:
            return failed.reply
        except (AmbiguousFlow, Refusal) as error:
            if isinstance(error, NotPermitted):
                name = request.flow_name
                await self.security.audit_refusal(principal, "execute", "microflow", name, address=address)
            after = error.retry_after_seconds if isinstance(error, Refusal) else None
            told = error_body(error.message, request.flow_name)
            return ActionReply(error.status, told, None, catalog, after, error.kind, error.code)

    def act_at_once(self, principal: Principal, body: bytes) -> tuple[FlowEntry, bytes] | None:
        """Execute what the body asks for when that needs no waiting: give the entry that ran and the six keys.

        None for whatever else it is, a refusal included; nothing has been changed then, and `act` says what it is.
        Raises CallFailed when the execution failed.
        """
        runtime = self.runtime
        if not runtime.is_current() or len(body) > LARGE_BYTES:
            return None
        try:
            request = read_action(body, self.json_limits)
            catalog = runtime.catalog
            entry = self._find(catalog, principal, request)
            plan = entry.made_plan
            if plan is None or plan.waits:
                return None
            runs_as = self._let_in(entry, principal)
        except (AmbiguousFlow, Refusal):
            return None
        return entry, self._run_at_once(catalog, entry, plan, runs_as, request.objects)

    def _find(self, catalog: Catalog, principal: Principal, request: ActionRequest) -> FlowEntry:
        """Find the one entry that the request means, of those that the principal may execute.

        Raises NotAuthenticated, NotFound, NotPermitted, in this order of precedence (WIRE.md), and AmbiguousFlow.
        """
        if request.is_plain:
            found = catalog.find_answering(request.flow_name)
        else:
            found = tuple(entry for entry in catalog.find_named(request.flow_name) if matches(entry, request))
        if principal is ANONYMOUS:
            allowed = [entry for entry in found if self._account_of(entry) is not None]
            if not allowed:
                raise NotAuthenticated("This needs a session.")
        else:
            allowed = [entry for entry in found if principal.may("microflow", entry.object_name, "execute")]
            if not found:
                raise NotFound("There is no such flow.")
            if not allowed:
                raise NotPermitted(f"No role of {principal.username} permits to execute this flow.")
        return allowed[0] if len(allowed) == 1 else choose(allowed, request)

    def _account_of(self, entry: FlowEntry) -> Principal | None:
        """Give the service account that callers without a session run the flow as, if both flow and a role say so."""
        account = entry.anonymous_as
        return None if account is None else self.security.find_service_principal(entry.object_name, account)

    def _let_in(self, entry: FlowEntry, principal: Principal) -> Principal:
        """Give the principal that the flow runs as, when there is room for one more execution of it.

        Raises NotPermitted, NotAvailable, TooManyRequests.
        """
        account = principal
        runs_as = entry.record.runs_as
        if runs_as is not None:
            if entry.lacks_runs_as:
                raise NotPermitted(
                    "The active version of the flow does not run as the account that this version names."
                )
            granted = self.security.find_service_principal(entry.object_name, runs_as)
            if granted is None:
                raise NotPermitted("The flow runs as a service account that no role grants it.")
            account = granted
        if principal is ANONYMOUS:
            anonymous_as = self._account_of(entry)
            assert anonymous_as is not None
            account = anonymous_as if runs_as is None else account
            self._check_room(account.username)
            self.security.take_anonymous(anonymous_as.username)
        else:
            self._check_room(account.username)
        return account

    def _check_room(self, username: str) -> None:
        """Raise NotAvailable or TooManyRequests when as many executions are under way as may be, in all or of one principal."""
        if self.runtime.metrics.under_way >= self._most:
            raise NotAvailable("Too many executions are under way.", retry_after_seconds=1)
        if self._under_way and self._under_way.get(username, 0) >= self._most_each:
            raise TooManyRequests("Too many of your executions are under way.", retry_after_seconds=1)

    async def _execute(
        self,
        catalog: Catalog,
        entry: FlowEntry,
        principal: Principal,
        request: ActionRequest,
        hung_up: HungUp | None,
        trace: Trace,
    ) -> bytes:
        try:
            plan = entry.plan
        except MicroflowError as error:
            _log.error("flow cannot be compiled", flow=entry.object_name, code=error.code, error=error.message)
            told = error_body(_NOT_COMPILED, entry.record.name, entry.record.id)
            raise CallFailed(ActionReply(200, told, entry, catalog, kind=error.kind, code=error.code)) from error
        if plan.waits or request.is_large:
            return await self._run(catalog, entry, plan, principal, request, hung_up, trace)
        return self._run_at_once(catalog, entry, plan, principal, request.objects)

    def _run_at_once(
        self, catalog: Catalog, entry: FlowEntry, plan: Plan, principal: Principal, objects: dict[str, Any]
    ) -> bytes:
        """Execute a plan that waits for nothing and give the six keys. Nobody else runs meanwhile, so it is not counted in.

        Raises CallFailed.
        """
        run = self._new_run(plan, principal)
        try:
            run.frame = read_inputs(plan, objects, principal, run)
            body = reply_body(perform_at_once(run), entry, run.execution_id)
        except Exception as error:  # as in `_run`
            failed = self._failed(catalog, entry, run, error)
            self._ended(catalog, entry, run)
            raise failed from error
        self._ended(catalog, entry, run)
        return body

    async def _run(
        self,
        catalog: Catalog,
        entry: FlowEntry,
        plan: Plan,
        principal: Principal,
        request: ActionRequest,
        hung_up: HungUp | None,
        trace: Trace,
    ) -> bytes:
        """Execute a plan that may wait, or a large request, and give the six keys.

        Raises CallFailed, Refusal, and CallerGone when the caller hung up.
        """
        self._enter(principal.username)
        run = self._new_run(plan, principal)
        if trace.parent:
            run.trace_parent, run.trace_state = trace
        try:
            run.frame = read_inputs(plan, request.objects, principal, run)
            if request.is_large:
                await asyncio.sleep(0)
            with self.runtime.resources.data_sources.admitted(entry.lazy_plan.app, entry.lazy_plan.sources):
                if hung_up is None:
                    results = await perform(run, is_large=request.is_large)
                else:
                    async with stopped_when(hung_up):
                        results = await perform(run, is_large=request.is_large)
            return reply_body(results, entry, run.execution_id)
        except Refusal as refusal:
            run.exception = refusal.message
            raise
        except CallerGone:
            run.exception = "The caller hung up."
            _log.info("caller hung up", flow=entry.object_name, execution=run.execution_id)
            raise
        except (
            Exception
        ) as error:  # the edge of a call: a bug of ours or of an installed node type must not end the worker
            raise self._failed(catalog, entry, run, error) from error
        finally:
            self._leave(principal.username)
            self._ended(catalog, entry, run)

    def _new_run(self, plan: Plan, principal: Principal) -> Run:
        runtime = self.runtime
        limits = runtime.limits.tightened(plan.limits) if plan.tightens else runtime.limits
        return Run(plan, [], principal, runtime.resources, limits, self._new_id(), capture=self._capture)

    def _failed(self, catalog: Catalog, entry: FlowEntry, run: Run, error: Exception) -> CallFailed:
        """Tell the log and the trace why and where an execution failed, and give what the caller is told."""
        flow, execution = entry.object_name, run.execution_id
        told, kind, code = _INTERNAL, MicroflowError.kind, MicroflowError.code
        if isinstance(error, MicroflowError):
            run.exception, kind, code = mask_sentence(run, error.message), error.kind, error.code
            told = mask_sentence(run, error.sentence) if isinstance(error, ExecutionError) else run.exception
            log = _log.info if isinstance(error, ExecutionError) else _log.error
            log("execution failed", flow=flow, execution=execution, code=error.code, error=run.exception)
        else:
            run.exception = _INTERNAL
            _log.error("execution met a bug", flow=flow, execution=execution, exception=masked_trace(run, error))
        body = error_body(told, entry.record.name, entry.record.id, execution)
        return CallFailed(ActionReply(200, body, entry, catalog, kind=kind, code=code))

    def _ended(self, catalog: Catalog, entry: FlowEntry, run: Run) -> None:
        """Count an execution that has ended, and keep it for who asks about it."""
        entry.recorder.record(not run.exception, (perf_counter_ns() - run.started_ns) / 1e9)
        self.recent.keep(run, entry, catalog.epoch)

    def _enter(self, username: str) -> None:
        self.runtime.metrics.under_way += 1
        self._under_way[username] = self._under_way.get(username, 0) + 1

    def _leave(self, username: str) -> None:
        self.runtime.metrics.under_way -= 1
        left = self._under_way[username] - 1
        if left:
            self._under_way[username] = left
        else:
            del self._under_way[username]
