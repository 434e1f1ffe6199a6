"""The use case of DoAction: find the flow, see that the caller may, run it, give the reply in the six keys.

Source: ONEWEB, POST /MicroflowRest/DoAction (WIRE.md).
"""

from collections.abc import Callable
from time import perf_counter_ns
from typing import Final

from microflow_runtime.compiler.business_objects import JsonLimits, Notes
from microflow_runtime.engine import Run, perform, perform_at_once, read_inputs
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
from microflow_runtime.service.action_reply import ActionReply, error_body, reply_body
from microflow_runtime.service.action_request import ActionRequest, choose, matches, read_action
from microflow_runtime.service.execution_ids import ExecutionIds
from microflow_runtime.service.hang_up import CallerGone, HungUp, stopped_when
from microflow_runtime.service.recent import RecentExecutions
from microflow_runtime.telemetry import get_log

_log: Final = get_log("do_action")
_INTERNAL: Final = "An internal error; the server's log tells more under this execution's id."


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
            entry, runs_as = self._let_in(catalog, principal, request)
            return await self._run(catalog, entry, runs_as, request, hung_up)
        except (AmbiguousFlow, Refusal) as error:
            if isinstance(error, NotPermitted):
                name = request.flow_name
                await self.security.audit_refusal(principal, "execute", "microflow", name, address=address)
            after = error.retry_after_seconds if isinstance(error, Refusal) else None
            return ActionReply(error.status, error_body(error.message, request.flow_name), None, catalog, after)

    def _let_in(self, catalog: Catalog, principal: Principal, request: ActionRequest) -> tuple[FlowEntry, Principal]:
        """Find the one entry that the request means and the principal it runs as.

        Raises NotAuthenticated, NotFound, NotPermitted, in this order of precedence (WIRE.md), and AmbiguousFlow.
        """
        found = catalog.find_named(request.flow_name)
        if not request.is_plain:
            found = tuple(entry for entry in found if matches(entry, request))
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
        entry = allowed[0] if len(allowed) == 1 else choose(allowed, request)
        if principal is ANONYMOUS or entry.record.runs_as is not None:
            return entry, self._runs_as(entry, principal)
        return entry, principal

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
        self._enter(principal.username)
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
                runtime.resources,
                runtime.limits.tightened(plan.limits) if plan.tightens else runtime.limits,
                execution_id,
                capture=self._capture,
            )
            if not plan.waits:
                results = perform_at_once(run)
            elif hung_up is not None:
                async with stopped_when(hung_up):
                    results = await perform(run)
            else:
                results = await perform(run)
            body = reply_body(results, entry, execution_id)
        except Refusal as refusal:
            exception = refusal.message
            raise
        except MicroflowError as error:
            exception = error.message
            body = error_body(exception, entry.record.name, entry.record.id, execution_id)
            log = _log.info if isinstance(error, ExecutionError) else _log.error
            log("execution failed", flow=entry.object_name, execution=execution_id, code=error.code, error=exception)
        except CallerGone:
            exception = "The caller hung up."
            _log.info("caller hung up", flow=entry.object_name, execution=execution_id)
            raise
        except Exception:  # noqa: BLE001 - the edge of a call: a bug of ours or of an installed node type must not end the worker
            exception = _INTERNAL
            body = error_body(exception, entry.record.name, entry.record.id, execution_id)
            _log.exception("execution met a bug", flow=entry.object_name, execution=execution_id)
        finally:
            self._leave(principal.username)
            entry.recorder.record(not exception, (perf_counter_ns() - started) / 1e9)
        if run is not None:
            self.recent.keep(run, entry, catalog.epoch, exception, notes.unknown_fields)
        return ActionReply(200, body, entry, catalog)

    def _enter(self, username: str) -> None:
        """Count the execution in. Raises NotAvailable or TooManyRequests at once when there are too many under way."""
        metrics = self.runtime.metrics
        mine = self._under_way.get(username, 0)
        if metrics.under_way >= self._most:
            raise NotAvailable("Too many executions are under way.", retry_after_seconds=1)
        if mine >= self._most_each:
            raise TooManyRequests("Too many of your executions are under way.", retry_after_seconds=1)
        self._under_way[username] = mine + 1
        metrics.under_way += 1

    def _leave(self, username: str) -> None:
        self.runtime.metrics.under_way -= 1
        left = self._under_way[username] - 1
        if left:
            self._under_way[username] = left
        else:
            del self._under_way[username]
