"""`soap`: one call of an operation of a web service over a named connection, as its WSDL describes it.

Its output mapping sees `body`: the names of the reply as the WSDL declares them, with exact numbers, or the type that `reply`
names. A fault is an error of kind `soap.fault`, or of the kind that `faults` gives it. Other errors are of the kinds
`soap.request`, `soap.reply`, `soap.wsdl`, `http.500` and the like, those of the connection (`http.connect`, …) and
`permission`.
Source: ONEWEB, Web Service Task (WSDL by URL or file, XSD file, operation, end point, user name and password).
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter_ns
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from microflow_runtime.compiler.business_objects import Misfit, ValueShape, shape_of
from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Assign, Frame
from microflow_runtime.engine.effects import AfterCommit, refuse_outputs
from microflow_runtime.engine.http import HttpReply, HttpRequest, SoapHeader
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.engine.trace_context import trace_context
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import ANY, NULL, Type
from microflow_runtime.nodes.soap.answers import misfit_of_reply, read_answer
from microflow_runtime.nodes.soap.choice import Chosen, NoSuch, choose
from microflow_runtime.nodes.soap.documents import WsdlFault, gather_files
from microflow_runtime.nodes.soap.live import LiveWsdl, behind
from microflow_runtime.nodes.soap.shapes import ComplexShape, type_of
from microflow_runtime.nodes.soap.templates import Template, bind, check_names
from microflow_runtime.nodes.soap.writing import ENVELOPES, write_envelope
from microflow_runtime.nodes.soap.wsdl import WsdlShelf

_SHELF: Final = WsdlShelf()
"""Known by content, so that nodes, plans and runtimes may share it."""
_FILE: Final = re.compile(r"files/[^?#]+")
_PATH: Final = re.compile(r"/([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_QUERY: Final = re.compile(r"([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_NAMED_ERROR: Final = re.compile(r"[^\s=.](.*\S)?")
_THREAD_BYTES: Final = 32 * 1024
"""A larger reply is read in a thread, so that others get on."""


def _about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class SoapSettings(msgspec.Struct, frozen=True):
    """What to call, and what to make of the answer."""

    connection: Annotated[str, _about("The name of a connection of the application, of the type `http`.")]
    wsdl: Annotated[
        str,
        _about(
            "The WSDL: a shared file as `files/billing.wsdl`, or a path behind the connection's URL as `/billing?wsdl`."
        ),
    ]
    operation: Annotated[str, _about("The operation to call.")]
    schemas: Annotated[
        list[str], _about("The shared files that a WSDL from a file imports, as `files/types.xsd`.")
    ] = []
    service: Annotated[str, _about("The service, where several have the operation.")] = ""
    port: Annotated[str, _about("The port; the first that has the operation, unless said.")] = ""
    path: Annotated[
        str,
        _about(
            "Where requests go, behind the connection's URL. Unless said, to the address in the WSDL if that is behind it, "
            "else to the connection's URL itself."
        ),
    ] = ""
    headers: Annotated[
        dict[str, Any], _about("SOAP headers that the WSDL declares: formulas, literals and mappings.")
    ] = {}
    reply: Annotated[
        Any, _about("A type as `Invoice` or `[Invoice]` that `body` is taken for; else as the WSDL says.")
    ] = None
    faults: Annotated[
        dict[str, str], _about("Kinds of error by the code of a fault, or by the name of the element in its detail.")
    ] = {}
    repeat: Annotated[bool, _about("True when a request may be sent again though nobody knows whether it arrived.")] = (
        False
    )
    after: Annotated[
        Literal["now", "commit"], _about("When it is done: at once unless said, or when everything has been committed.")
    ] = "now"


class SoapNode:
    """Calls the operation."""

    name: ClassVar[str] = "soap"
    settings: ClassVar[type[msgspec.Struct]] = SoapSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check the connection, and what goes in and out against the WSDL where that is a file."""
        settings: SoapSettings = context.settings
        _check_connection(context, settings.connection)
        is_file = settings.wsdl.startswith("files/")
        is_good = _check_places(context, settings, is_file=is_file)
        _check_faults(context, settings.faults)
        chosen = _from_files(context, settings) if is_file and is_good else None
        expects = chosen.operation.input if chosen is not None else None
        values = check_names(context, context.node.inputs, expects.parts if expects is not None else None, "in")
        headers = _checked_headers(context, settings.headers, expects.headers if expects is not None else None)
        ref = context.declared_type(settings.reply, "reply") if settings.reply is not None else None
        given: dict[str, Type] = {"body": context.types.of(ref) if ref is not None else _body_type(chosen)}
        outputs = context.outputs(given)
        if settings.after == "commit":
            refuse_outputs(context)

        def build() -> Action:
            live = None
            if chosen is None:
                live = LiveWsdl(settings.wsdl, settings.operation, settings.service, settings.port, _SHELF)
            shape = shape_of(ref, context.classes) if ref is not None else None
            called = _Call(context, settings, _bound(context, values), _bound(context, headers), shape)
            return called.action(chosen, live, context.bind_outputs(outputs, given))

        return build


def _check_connection(context: NodeContext, name: str) -> None:
    connections = context.library.app.connections
    found = connections.get(name)
    if found is None:
        message = f'The application has no connection "{name}".'
        context.fault("MF-D110", message, "connection", help=did_you_mean(name, connections))
    elif found.type != "http":
        context.fault("MF-D110", f'The connection "{name}" is of the type {found.type}, not http.', "connection")


def _check_places(context: NodeContext, settings: SoapSettings, *, is_file: bool) -> bool:
    """Check how the WSDL, its schemas and the path are written; tell whether they can be looked for."""
    is_good = True
    path, _, query = settings.wsdl.partition("?")
    if not is_file and not (_is_path(path) and _QUERY.fullmatch(query)):
        help_text = "write files/name.wsdl, or a path behind the connection's URL as /billing?wsdl"
        context.fault("MF-D176", "The WSDL is neither a shared file nor a path.", "wsdl", help=help_text)
        is_good = False
    for index, each in enumerate(settings.schemas):
        if not is_file or not _FILE.fullmatch(each):
            message = "A schema is a shared file beside a WSDL that is one."
            context.fault("MF-D176", message, "schemas", index, help="write files/name.xsd")
            is_good = False
    if settings.path and not _is_path(settings.path):
        help_text = "it begins with `/`, is encoded, and holds no query, formula or placeholder"
        context.fault("MF-D176", "The path cannot be used.", "path", help=help_text)
    return is_good


def _is_path(text: str) -> bool:
    return _PATH.fullmatch(text) is not None and not any(part in {".", ".."} for part in text.split("/"))


def _check_faults(context: NodeContext, rules: Mapping[str, str]) -> None:
    for name, kind in rules.items():
        if not _NAMED_ERROR.fullmatch(kind):
            message = f"`{kind}` is no kind of error."
            context.fault(
                "MF-D175", message, "faults", name, help="a kind of error is a word such as `unknown invoice`"
            )


def _from_files(context: NodeContext, settings: SoapSettings) -> Chosen | None:
    """Read the WSDL among the app's files; None after a fault."""
    try:
        gathered = gather_files(settings.wsdl, tuple(settings.schemas), context.library.find_file)
        return choose(_SHELF.get(gathered), settings.operation, settings.service, settings.port)
    except WsdlFault as error:
        context.fault("MF-D170", f"The WSDL {error.reason}.", "wsdl")
    except NoSuch as error:
        context.fault("MF-D171", error.message, error.key, help=error.help)
    return None


def _checked_headers(
    context: NodeContext, headers: Mapping[str, Any], declared: ComplexShape | None
) -> dict[str, Template | None]:
    if not headers:
        return {}
    return check_names(context, headers, declared, "headers")


def _body_type(chosen: Chosen | None) -> Type:
    if chosen is None:
        return ANY
    output = chosen.operation.output
    return NULL if output is None else type_of(output.parts, is_reply=True)


def _bound(context: NodeContext, values: Mapping[str, Template | None]) -> list[tuple[str, Evaluate]]:
    return [(name, bind(context, template)) for name, template in values.items() if template is not None]


class _Call:
    """What one node does each time, made once."""

    def __init__(
        self,
        context: NodeContext,
        settings: SoapSettings,
        values: list[tuple[str, Evaluate]],
        headers: list[tuple[str, Evaluate]],
        shape: ValueShape | None,
    ) -> None:
        self._settings = settings
        self._app = context.library.app
        self._object_name = f"{self._app.name}/{settings.connection}"
        self._values, self._headers = values, headers
        self._shape = shape
        self._timeout_ns = int((context.node.timeout_seconds or 0) * 1e9)
        self._slot = context.given_slot("body")
        self._later = AfterCommit(context) if settings.after == "commit" else None

    def action(self, chosen: Chosen | None, live: LiveWsdl | None, assign: Assign | None) -> Action:
        """Give the action: with what is called, or with what finds that out."""
        settings = self._settings

        async def run(frame: Frame, run: Run) -> int:
            if not run.principal.may("connection", self._object_name, "use"):
                message = f'"{run.principal.username}" may not use the connection "{settings.connection}".'
                raise NodeError(message, kind="permission")
            address = run.resources.http_address(self._app, settings.connection)
            called = chosen if live is None else await live.get(address, lambda *place: self._fetch(run, *place))
            assert called is not None
            request = self._request(called, address, frame, run)
            if self._later is not None:
                self._later.note(run, partial(self._send, run, request, called))
                return 0
            frame[self._slot] = await self._send(run, request, called)
            if assign is not None:
                with computing(run):
                    assign(frame)
            return 0

        return Action(run, waits=True, repeats=settings.repeat, retry=self._app.connections[settings.connection].retry)

    async def _send(self, run: Run, request: HttpRequest, called: Chosen) -> Any:
        """Send the request and give the body of the reply. Raises NodeError for a fault."""
        got = await run.resources.send_http(self._app, self._settings.connection, request)
        if len(got.body) > _THREAD_BYTES:
            return await asyncio.to_thread(self._read, got, called)
        return self._read(got, called)

    async def _fetch(self, run: Run, path: str, query: str) -> HttpReply:
        request = HttpRequest(
            method="GET",
            path=path,
            query=query,
            headers=(("Accept", "text/xml, application/xml"),),
            deadline_ns=self._deadline(run),
            repeats=True,
        )
        return await run.resources.send_http(self._app, self._settings.connection, request)

    def _request(self, called: Chosen, address: str, frame: Frame, run: Run) -> HttpRequest:
        """Compute everything in the execution's surroundings. Raises NodeError of kind `soap.request`, FeelError."""
        version, operation = called.port.version, called.operation
        with computing(run):
            values = {name: evaluate(frame) for name, evaluate in self._values}
            headers = {name: evaluate(frame) for name, evaluate in self._headers}
            try:
                body, at = write_envelope(version, operation.input, values, headers)
            except Misfit as misfit:
                raise NodeError(f"{misfit.sentence()}.", kind="soap.request") from misfit
        parent, state = trace_context(run.execution_id, run.root.trace_parent, run.root.trace_state)
        path, _, query = (self._settings.path or behind(address, called.port.address) or "").partition("?")
        return HttpRequest(
            method="POST",
            path=path,
            query=query,
            headers=_http_headers(version, operation.action),
            body=body,
            soap=SoapHeader(at=at, envelope=ENVELOPES[version]),
            deadline_ns=self._deadline(run),
            repeats=self._settings.repeat,
            trace_parent=parent,
            trace_state=state,
        )

    def _deadline(self, run: Run) -> int:
        if not self._timeout_ns:
            return run.deadline_ns
        return min(run.deadline_ns, perf_counter_ns() + self._timeout_ns)

    def _read(self, got: HttpReply, called: Chosen) -> Any:
        """Give what the reply comes to. Raises NodeError."""
        values = read_answer(got, called, self._settings.faults, repeats=self._settings.repeat)
        if self._shape is None:
            return values
        try:
            return _taken(self._shape, _only(values))
        except Misfit as misfit:
            raise misfit_of_reply(misfit) from misfit


def _only(values: dict[str, Any] | None) -> Any:
    """Give the one value of a reply that has just one, else all of them."""
    return next(iter(values.values())) if values is not None and len(values) == 1 else values


def _taken(shape: ValueShape, value: Any) -> Any:
    ref = shape.type
    if value is not None:
        return shape.adopt(value)
    if ref.is_list:
        return []
    if ref.is_optional:
        return None
    raise Misfit(f"a {ref.name}", "nothing")


def _http_headers(version: str, action: str) -> tuple[tuple[str, str], ...]:
    if version == "1.1":
        return (("Accept", "text/xml"), ("Content-Type", "text/xml; charset=utf-8"), ("SOAPAction", f'"{action}"'))
    kind = "application/soap+xml; charset=utf-8"
    return (("Accept", "application/soap+xml"), ("Content-Type", f'{kind}; action="{action}"' if action else kind))
