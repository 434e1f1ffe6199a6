"""`mail`: sends one mail by a named connection.

Its output mapping sees `message_id`, `accepted` (addresses) and `refused` (each with `address`, `status` and `message`):
the mail has been taken for at least one recipient. Errors are of the kinds `mail.connect`, `mail.auth`, `mail.refused`,
`mail.timeout`, `mail.busy`, `mail.denied`, `mail.settings`, `mail.message`, `mail` and `permission`.
The vendor has no such node.
"""

import os
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.formulas import Computed
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.engine.effects import AfterCommit, refuse_outputs
from microflow_runtime.engine.mail import Mail, MailReceipt
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import NUMBER, STRING, ContextType, ListType, Type
from microflow_runtime.nodes.mail.addresses import Addresses, check_addresses
from microflow_runtime.nodes.mail.attachments import check_attachments
from microflow_runtime.nodes.mail.templates import (
    Fill,
    Parts,
    filler,
    names_of,
    one_line,
    parse_template,
    refused,
    text_of,
    values_of,
)

_RECIPIENTS: Final = ("to", "cc", "bcc")
_MOST_SUBJECT: Final = 500
_GIVEN: Final[dict[str, Type]] = {
    "message_id": STRING,
    "accepted": ListType(STRING),
    "refused": ListType(ContextType("", (("address", STRING), ("status", NUMBER), ("message", STRING)))),
}


def _about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class MailSettings(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """Who it is from, whom it goes to, and what it says."""

    connection: Annotated[str, _about("The name of a connection of the application, of the type `smtp`.")]
    subject: Annotated[
        str, _about("What it is about: a text in which `{name}` stands for the value that `in` gives for name, or a formula.")
    ]  # fmt: skip
    to: Annotated[Any, _about("Whom it goes to: an address, a formula, or a list of them.")] = None
    cc: Annotated[Any, _about("Who gets a copy.")] = None
    bcc: Annotated[Any, _about("Who gets a copy that the others do not see.")] = None
    sender: Annotated[Any, _about("Who it is from; unless said, whom the connection names.")] = None
    reply_to: Annotated[Any, _about("Whom answers go to.")] = None
    text: Annotated[str, _about("The body as plain text, with placeholders, or a formula.")] = ""
    html: Annotated[str, _about("The body as HTML, with placeholders whose values are escaped.")] = ""
    attachments: Annotated[
        Any, _about("Files that go along: a list, each with `name`, `type` and one of `file`, `text`, `base64`.")
    ] = None
    after: Annotated[
        Literal["now", "commit"], _about("When it is done: at once unless said, or when everything has been committed.")
    ] = "now"


class MailNode:
    """Sends the mail."""

    name: ClassVar[str] = "mail"
    settings: ClassVar[type[msgspec.Struct]] = MailSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check connection, addresses, templates and attachments."""
        settings: MailSettings = context.settings
        _check_connection(context, settings.connection)
        if not any(getattr(settings, name) is not None for name in _RECIPIENTS):
            context.fault("MF-D193", "The mail goes to nobody.", help="add `to: …`")
        if not settings.text and not settings.html:
            context.fault("MF-D193", "The mail says nothing.", help="add `text: …` or `html: …`")
        written = {"to": settings.to, "cc": settings.cc, "bcc": settings.bcc}
        written |= {"from": settings.sender, "reply_to": settings.reply_to}
        addresses = {name: check_addresses(context, each, name) for name, each in written.items() if each is not None}
        subject, text = (_check_text(context, getattr(settings, name), name) for name in ("subject", "text"))
        html = _check_html(context, settings.html)
        attachments = check_attachments(context, settings.attachments) if settings.attachments is not None else None
        used = {name for each in (subject, text, html) if isinstance(each, tuple) for name in names_of(each)}
        inputs = context.inputs(fills_texts=True)
        for name in context.node.inputs:
            if name not in used:
                message = f"No text of the mail has the placeholder `{{{name}}}`."
                context.fault("MF-D065", message, "in", name, at_key=True, help=did_you_mean(name, used))
        outputs = context.outputs(_GIVEN)
        if settings.after == "commit":
            refuse_outputs(context)

        def build() -> Action:
            writing = _Writing(
                values=tuple((name, context.bind(each)) for name, each in inputs.items()),
                addresses={name: each() for name, each in addresses.items()},
                subject=_filler(context, subject, "the subject"),
                text=_filler(context, text, "the text") if settings.text else None,
                html=filler(html, is_html=True) if settings.html else None,
                attachments=attachments() if attachments is not None else lambda _frame: (),
            )
            slots = tuple(context.given_slot(name) for name in _GIVEN)
            return _action(context, settings.connection, writing, slots, context.bind_outputs(outputs, _GIVEN))

        return build


def _check_connection(context: NodeContext, name: str) -> None:
    connections = context.library.app.connections
    found = connections.get(name)
    if found is None:
        message = f'The application has no connection "{name}".'
        context.fault("MF-D110", message, "connection", help=did_you_mean(name, connections))
    elif found.type != "smtp":
        context.fault("MF-D110", f'The connection "{name}" is of the type {found.type}, not smtp.', "connection")


def _check_text(context: NodeContext, written: str, key: str) -> Parts | Computed | None:
    if formula_of(written) is not None:
        return context.setting(written, key, expected=STRING)
    return parse_template(context, written, key)


def _check_html(context: NodeContext, written: str) -> Parts:
    if formula_of(written) is not None:
        message = "The HTML of a mail is constant; values come in by `{name}`."
        context.fault("MF-D196", message, "html", help="write it without `=`")
        return ()
    return parse_template(context, written, "html")


TextOf = Callable[[Frame, dict[str, Any]], str]


def _filler(context: NodeContext, checked: Parts | Computed | None, where: str) -> TextOf:
    assert checked is not None
    if isinstance(checked, tuple):
        fill = filler(checked)
        return lambda _frame, values: fill(values)
    evaluate = context.bind(checked)
    return lambda frame, _values: text_of(evaluate(frame), where)


class _Writing(msgspec.Struct, frozen=True, kw_only=True):
    """Writes the mail of one node from a frame. Everything the author wrote is parsed when this is made."""

    values: tuple[tuple[str, Callable[[Frame], Any]], ...]
    addresses: dict[str, Addresses]
    subject: TextOf
    text: TextOf | None
    html: Fill | None
    attachments: Callable[[Frame], Any]

    def __call__(self, frame: Frame, run: Run) -> Mail:
        """Compute everything in the execution's surroundings. Raises NodeError of kind `mail.message`, FeelError."""
        with computing(run):
            values = values_of(self.values, frame)
            found = {name: read(frame) for name, read in self.addresses.items()}
            senders = found.pop("from", ())
            if "from" in self.addresses and len(senders) != 1:
                raise refused(f"`from` takes one address, not {len(senders)}")
            if not any(found.get(name) for name in _RECIPIENTS):
                raise refused("the mail goes to nobody: no address was given")
            subject = one_line(self.subject(frame, values), "the subject")
            if len(subject) > _MOST_SUBJECT:
                raise refused(f"the subject has {len(subject)} characters; at most {_MOST_SUBJECT} are sent")
            return Mail(
                message_id=f"{run.execution_id}.{os.urandom(8).hex()}",
                sender=senders[0] if senders else None,
                subject=subject,
                text=self.text(frame, values) if self.text is not None else None,
                html=self.html(values) if self.html is not None else None,
                attachments=self.attachments(frame),
                **found,
            )


def _action(
    context: NodeContext,
    connection: str,
    write: _Writing,
    slots: tuple[int, ...],
    assign: Callable[[Frame], None] | None,
) -> Action:
    app = context.library.app
    object_name = f"{app.name}/{connection}"
    later = AfterCommit(context) if context.settings.after == "commit" else None
    id_slot, accepted_slot, refused_slot = slots

    async def run(frame: Frame, run: Run) -> int:
        if not run.principal.may("connection", object_name, "use"):
            message = f'"{run.principal.username}" may not use the connection "{connection}".'
            raise NodeError(message, kind="permission")
        if later is not None:
            later.note(run, partial(run.resources.send_mail, app, connection, write(frame, run)))
            return 0
        try:
            receipt: MailReceipt = await run.resources.send_mail(app, connection, write(frame, run))
        except NodeError as error:
            error.data = _numbers(error.data)
            raise
        frame[id_slot] = receipt.message_id
        frame[accepted_slot] = list(receipt.accepted)
        frame[refused_slot] = [_numbers(msgspec.structs.asdict(each)) for each in receipt.refused]
        if assign is not None:
            with computing(run):
                assign(frame)
        return 0

    return Action(run, waits=True, repeats=False, retry=app.connections[connection].retry)


def _numbers(value: Any) -> Any:
    """Give a value whose numbers are those of formulas."""
    if isinstance(value, dict):
        return {name: _numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return Decimal(value) if type(value) is int else value
