"""`rest`: one request to a named connection over HTTP.

Its output mapping sees `status`, `headers` (each by its name in small letters), `links` (the addresses of the header
`Link` by relation) and `body`, which is of the type that `reply` declares, with exact numbers. A status that is no success is an error of kind `http.404` and the like, or of the
kind that `statuses` gives it. Other errors are of the kinds `http.connect`, `http.timeout`, `http.reply`, `http.request`,
`http.busy`, `http.circuit`, `http.redirect`, `http.denied`, `http.auth`, `http.settings` and `permission`.
Source: ONEWEB, REST Task (method, URL, header and body parameters); placeholders, rules and connections are ours.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from time import perf_counter_ns
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.formulas import Computed, Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.compiler.reading.connections.words import wrong_with_header
from microflow_runtime.engine.effects import AfterCommit, refuse_outputs
from microflow_runtime.engine.http import SAFE_TO_REPEAT, HttpReply, HttpRequest
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.engine.trace_context import trace_context
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import ANY, NUMBER, STRING, ContextType, Type, optional
from microflow_runtime.nodes.rest import statuses as status_rules
from microflow_runtime.nodes.rest.bodies import write_body
from microflow_runtime.nodes.rest.links import links_of
from microflow_runtime.nodes.rest.path import path_filler, placeholders, wrong_with_path
from microflow_runtime.nodes.rest.replies import Read, body_reader, body_type, reply_type
from microflow_runtime.nodes.rest.templates import Template, bind_template, check_template
from microflow_runtime.nodes.rest.texts import form_encoded, pairs_of, refused, text_of

_NO_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]*")
_NAMED_ERROR: Final = re.compile(r"[^\s=.](.*\S)?")


def _about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class RestSettings(msgspec.Struct, frozen=True):
    """What to ask, and what to make of the answer."""

    connection: Annotated[str, _about("The name of a connection of the application, of the type `http`.")]
    method: Annotated[
        Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], _about("The method of the request.")
    ]
    path: Annotated[
        str,
        _about("What comes behind the URL of the connection; `{name}` stands for the value that `in` gives for name."),
    ] = ""
    url: Annotated[
        Any,
        _about(
            "An address that the server gave, a formula; where it gives none, `path` and `query` are requested. "
            "It leads to the connection's own origin, or one of its `origins`."
        ),
    ] = None
    query: Annotated[
        dict[str, Any], _about("Parameters of the query: formulas or literals; a list gives one for each item.")
    ] = {}
    headers: Annotated[dict[str, Any], _about("Headers of this request: formulas or literals.")] = {}
    body: Annotated[Any, _about("The body: a formula, or a mapping whose values may be formulas.")] = None
    content: Annotated[
        Literal["json", "form", "multipart", "xml", "text"], _about("What the body becomes; `json` unless said.")
    ] = "json"
    reply: Annotated[
        str | list[str],
        _about("What the body of a success is: a type as `Rate` or `[Rate]`, `any` (JSON), `xml`, `text` or `none`."),
    ] = "any"
    statuses: Annotated[
        dict[str, str], _about("What statuses mean, as `404` or `5xx`: `success`, `nothing`, or a kind of error.")
    ] = {}
    repeat: Annotated[
        bool, _about("True when a POST or PATCH may be sent again though nobody knows whether it arrived.")
    ] = False
    after: Annotated[
        Literal["now", "commit"], _about("When it is done: at once unless said, or when everything has been committed.")
    ] = "now"


class RestNode:
    """Sends the request."""

    name: ClassVar[str] = "rest"
    settings: ClassVar[type[msgspec.Struct]] = RestSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check connection, path, mappings and rules."""
        settings: RestSettings = context.settings
        _check_connection(context, settings.connection)
        if settings.path or settings.url is not None:
            _check_path(context, settings.path or "/")
        else:
            message = f'The rest node "{context.node.name}" needs the setting "path", or "url".'
            context.fault("MF-D058", message, at_key=True, help="add `path: …`")
        url = context.setting(settings.url, "url", expected=optional(STRING)) if settings.url is not None else None
        _check_headers(context, settings.headers)
        _check_statuses(context, settings.statuses)
        if settings.body is not None and settings.method in _NO_BODY:
            context.fault("MF-D114", f"A {settings.method} carries no body.", "body", at_key=True, help="use `query`")
        inputs = context.inputs(fills_texts=True)
        query = _checked(context, settings.query, "query")
        headers = _checked(context, settings.headers, "headers")
        body = check_template(context, settings.body, "body") if settings.body is not None else None
        reply = reply_type(context, settings.reply)
        may_be_missing = settings.method == "HEAD" or status_rules.NOTHING in settings.statuses.values()
        given: dict[str, Type] = {
            "status": NUMBER,
            "headers": ContextType("", (), open=True),
            "body": ANY if reply is None else body_type(context, reply, may_be_missing=may_be_missing),
        }
        if "links" not in context.scope:  # a flow of before there were links may have a variable of this name
            given["links"] = ContextType("", (), open=True)
        outputs = context.outputs(given)
        if settings.after == "commit":
            refuse_outputs(context)

        def build() -> Action:
            assert reply is not None
            ask = _Asking(context, settings, inputs, query, headers, body, url)
            read = body_reader(context, reply)
            links_slot = context.given_slot("links") if "links" in given else None
            return _action(context, settings, ask, read, context.bind_outputs(outputs, given), links_slot)

        return build


def _check_connection(context: NodeContext, name: str) -> None:
    connections = context.library.app.connections
    found = connections.get(name)
    if found is None:
        message = f'The application has no connection "{name}".'
        context.fault("MF-D110", message, "connection", help=did_you_mean(name, connections))
    elif found.type != "http":
        context.fault("MF-D110", f'The connection "{name}" is of the type {found.type}, not http.', "connection")


def _check_path(context: NodeContext, path: str) -> None:
    if formula_of(path) is not None:
        context.fault(
            "MF-D111", "The path is constant; values come in by `{name}`.", "path", help="write it without `=`"
        )
        return
    if reason := wrong_with_path(path):
        context.fault("MF-D111", f"The path cannot be used: {reason}.", "path")
        return
    wanted = placeholders(path)
    for name in wanted:
        if name not in context.node.inputs:
            message = f"The placeholder `{{{name}}}` has no value."
            context.fault("MF-D112", message, "path", help=f"add `in: {{{name}: = …}}`")
    for name in context.node.inputs:
        if name not in wanted:
            message = f"The path has no placeholder `{{{name}}}`."
            context.fault("MF-D065", message, "in", name, at_key=True, help=did_you_mean(name, wanted))


def _check_headers(context: NodeContext, headers: Mapping[str, Any]) -> None:
    for name in headers:
        if reason := wrong_with_header(name):
            context.fault("MF-D113", f"`{name}` cannot be set as a header: {reason}.", "headers", name, at_key=True)


def _check_statuses(context: NodeContext, rules: Mapping[str, str]) -> None:
    for status, rule in rules.items():
        if not status_rules.is_status(status):
            message = f"`{status}` is no status."
            context.fault(
                "MF-D115", message, "statuses", status, at_key=True, help="write 404, or 4xx for all of a class"
            )
        if not _NAMED_ERROR.fullmatch(rule):
            message = f"`{rule}` is neither success, nothing, nor a kind of error."
            context.fault("MF-D115", message, "statuses", status, help="a kind of error is a word such as `unknown`")


def _checked(context: NodeContext, values: Mapping[str, Any], key: str) -> dict[str, Computed]:
    found = {name: context.setting(value, key, name) for name, value in values.items()}
    return {name: computed for name, computed in found.items() if computed is not None}


class _Asking:
    """Makes the request of one node from a frame. Everything the author wrote is parsed when this is made."""

    def __init__(
        self,
        context: NodeContext,
        settings: RestSettings,
        inputs: Mapping[str, Computed],
        query: Mapping[str, Computed],
        headers: Mapping[str, Computed],
        body: Template | None,
        url: Computed | None,
    ) -> None:
        def bound(computed: Mapping[str, Computed]) -> list[tuple[str, Evaluate]]:
            return [(name, context.bind(each)) for name, each in computed.items()]

        self._method = settings.method
        self._content = settings.content
        self._fill = path_filler(settings.path or "/")
        self._has_path = bool(settings.path)
        self._url = context.bind(url) if url is not None else None
        self._values, self._query, self._headers = bound(inputs), bound(query), bound(headers)
        self._body = bind_template(context, body) if body is not None else None
        self._timeout_ns = int((context.node.timeout_seconds or 0) * 1e9)
        self._accept = _ACCEPT.get(settings.reply if isinstance(settings.reply, str) else "", "application/json")
        self.repeats = settings.repeat or settings.method in SAFE_TO_REPEAT

    def __call__(self, frame: Frame, run: Run) -> HttpRequest:
        """Compute everything in the execution's surroundings. Raises NodeError of kind `http.request`, FeelError."""
        body, kind = b"", ""
        with computing(run):
            url = self._url(frame) if self._url is not None else None
            if self._url is not None and url is None and not self._has_path:
                raise refused("the `url` is null, and there is no `path` beside it")
            path = self._fill({name: evaluate(frame) for name, evaluate in self._values})
            query = "" if url is not None else self._query_of(frame)
            headers = [(name, evaluate(frame)) for name, evaluate in self._headers]
            if self._body is not None:
                body, kind = write_body(self._content, self._body(frame))
        sent = {"accept": ("Accept", self._accept)}
        if kind:
            sent["content-type"] = ("Content-Type", kind)
        for name, value in headers:
            if value is not None:
                sent[name.lower()] = (name, _header_value(name, value))
        deadline = run.deadline_ns
        if self._timeout_ns:
            deadline = min(deadline, perf_counter_ns() + self._timeout_ns)
        parent, state = trace_context(run.execution_id, run.root.trace_parent, run.root.trace_state)
        return HttpRequest(
            method=self._method,
            path=path,
            query=query,
            url="" if url is None else text_of(url, "`url`"),
            headers=tuple(sent.values()),
            body=body,
            deadline_ns=deadline,
            repeats=self.repeats,
            trace_parent=parent,
            trace_state=state,
        )

    def _query_of(self, frame: Frame) -> str:
        pairs = (
            pair for name, evaluate in self._query for pair in pairs_of(name, evaluate(frame), f"`{name}` of the query")
        )
        return form_encoded(pairs, space="%20")


def _header_value(name: str, value: Any) -> str:
    text = text_of(value, f"the header {name}")
    if not _HEADER_VALUE.fullmatch(text):
        raise refused(f"the header {name} takes printable ASCII on one line, and its value is something else")
    return text


_ACCEPT: Final = {"xml": "application/xml, text/xml", "text": "*/*", "none": "*/*"}


def _action(
    context: NodeContext,
    settings: RestSettings,
    ask: _Asking,
    read: Read,
    assign: Callable[[Frame], None] | None,
    links_slot: int | None,
) -> Action:
    app, name = context.library.app, settings.connection
    object_name, asked = f"{app.name}/{name}", f"{settings.method} {settings.path or 'the address that was given'}"
    rule = status_rules.rule_of(settings.statuses)
    status_slot, headers_slot, body_slot = (context.given_slot(each) for each in ("status", "headers", "body"))
    has_body = settings.method != "HEAD"
    later = AfterCommit(context) if settings.after == "commit" else None

    async def send(run: Run, request: HttpRequest) -> tuple[HttpReply, str]:
        got = await run.resources.send_http(app, name, request)
        meaning = rule(got.status)
        if meaning not in {status_rules.SUCCESS, status_rules.NOTHING}:
            raise status_rules.failure(got, meaning, asked, repeats=ask.repeats)
        return got, meaning

    async def run(frame: Frame, run: Run) -> int:
        if not run.principal.may("connection", object_name, "use"):
            raise NodeError(f'"{run.principal.username}" may not use the connection "{name}".', kind="permission")
        request = ask(frame, run)
        if later is not None:
            later.note(run, partial(send, run, request))
            return 0
        got, meaning = await send(run, request)
        try:
            body = await read(got) if has_body and meaning == status_rules.SUCCESS else None
        except NodeError as error:
            error.data = {"status": Decimal(got.status)}
            raise
        frame[status_slot] = Decimal(got.status)
        frame[headers_slot] = dict(got.headers)
        if links_slot is not None:
            frame[links_slot] = links_of(got.headers["link"], got.url) if "link" in got.headers else {}
        frame[body_slot] = body
        if assign is not None:
            with computing(run):
                assign(frame)
        return 0

    return Action(run, waits=True, repeats=ask.repeats, retry=app.connections[name].retry)
