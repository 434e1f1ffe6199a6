"""What a flow makes of the body of a reply: a declared type, JSON of any shape, XML, text, or nothing."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from microflow_runtime.compiler.business_objects import Misfit, Notes, ValueShape, shape_of
from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.engine.http import HttpReply
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import ANY, STRING, ContextType, Type, optional
from microflow_runtime.model.type_ref import TypeRef
from microflow_runtime.nodes.rest.json_form import read_json, with_numbers
from microflow_runtime.nodes.rest.xml_form import read_xml
from microflow_runtime.text import UTF_8, BrokenText, declared_encoding, decode

Read = Callable[[HttpReply], Awaitable[Any]]

_TYPE: Final = re.compile(r"(\[\s*(?P<item>[^][?]+?)\s*\]|(?P<single>[^][?]+?))(?P<optional>\?)?")
_SLICE: Final = 500
"""So many items of a list are read without a pause, which takes about a millisecond."""


def reply_type(context: NodeContext, written: str | list[str]) -> TypeRef | str | None:
    """Give the declared type or the word that a node says its reply is; None after a fault."""
    if isinstance(written, str) and written in WORDS:
        return written
    text = f"[{written[0]}]" if isinstance(written, list) and len(written) == 1 else written
    match = _TYPE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        help_text = f"write X, X?, [X], or one of {', '.join(WORDS)}"
        context.fault("MF-D116", "The reply is no type.", "reply", help=help_text)
        return None
    name = match["item"] or match["single"]
    ref = TypeRef(name, bool(match["item"]), bool(match["optional"]))
    if ref.is_simple or name in context.classes:
        return ref
    near = did_you_mean(name, [*context.classes, *WORDS])
    help_text = near if name not in context.library.business_objects else ""
    message = f'No variable, input or output of the flow is a "{name}", which the reply is said to be.'
    context.fault("MF-D116", message, "reply", help=help_text or f"declare a variable of the type {name} to take it")
    return None


def body_type(context: NodeContext, reply: TypeRef | str, *, may_be_missing: bool) -> Type:
    """Give what formulas may expect of `body`."""
    kind = WORDS[reply][0] if isinstance(reply, str) else context.types.of(reply)
    return optional(kind) if may_be_missing and kind is not ANY else kind


def body_reader(context: NodeContext, reply: TypeRef | str) -> Read:
    """Make what reads the body of a success. It raises NodeError of kind `http.reply` when the body does not fit."""
    if isinstance(reply, str):
        return WORDS[reply][1]
    shape = shape_of(reply, context.classes)

    async def read(got: HttpReply) -> Any:
        value = None if got.is_empty else read_json(got.body, got.content_type)
        try:
            if type(value) is list and reply.is_list and len(value) > _SLICE:
                return await _read_in_slices(shape, value)
            if value is not None:
                return shape.read(value, Notes())
            if reply.is_optional:
                return None
            if reply.is_list:
                return []
            raise Misfit(f"a {reply.name}", "nothing")
        except Misfit as misfit:
            raise NodeError(f"{misfit.under('body').sentence()}.", kind="http.reply") from misfit

    return read


async def _read_in_slices(shape: ValueShape, items: list[Any]) -> list[Any]:
    """Read a long list with pauses in which others get on. Raises Misfit."""
    result: list[Any] = []
    for start in range(0, len(items), _SLICE):
        try:
            result += shape.read(items[start : start + _SLICE], Notes())
        except Misfit as misfit:
            index, *inner = misfit.path
            misfit.path = (int(index) + start, *inner)
            raise
        await asyncio.sleep(0)
    return result


async def _any(got: HttpReply) -> Any:
    return None if got.is_empty else with_numbers(read_json(got.body, got.content_type))


async def _text(got: HttpReply) -> str:
    """Decode the body by the charset that the reply names, UTF-8 where it names none."""
    try:
        return decode(got.body, declared_encoding(got.content_type) or UTF_8)
    except BrokenText as error:
        raise NodeError(f"the body of the reply {error.reason}.", kind="http.reply") from error


async def _xml(got: HttpReply) -> Any:
    return None if got.is_empty else read_xml(got.body, got.content_type)


async def _nothing(_got: HttpReply) -> None:
    return None


WORDS: Final[dict[str, tuple[Type, Read]]] = {
    "any": (ANY, _any),
    "text": (STRING, _text),
    "xml": (optional(ContextType("", (), open=True)), _xml),
    "none": (ANY, _nothing),
}
"""What a reply can be beside a declared type: how formulas see it, and how it is read."""
