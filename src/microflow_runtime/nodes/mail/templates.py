"""Texts of the author with `{name}` placeholders, parsed when the flow is compiled. A value is put in and not looked at again."""

import html
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import Date, DateTime, DaysDuration, MonthsDuration, Time, format_number

_NAME: Final = re.compile(r"[^\W\d]\w*")
_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_MEANT: Final = re.compile(r"[ \t]*[\w.][\w. \t\[\]-]*")
_TEMPORAL: Final = (Date, Time, DateTime, DaysDuration, MonthsDuration)

Parts = tuple[tuple[str, str], ...]
"""A template: pieces of text, each with the name of the placeholder behind it, or `""`."""
Fill = Callable[[Mapping[str, Any]], str]


def parse_template(context: NodeContext, text: str, *key: str | int) -> Parts:
    """Read a template, telling faults of its placeholders; braces around anything but a name are text."""
    parts: list[tuple[str, str]] = []
    start = 0
    for match in _BRACES.finditer(text):
        name = match[1]
        if not _NAME.fullmatch(name):
            if _MEANT.fullmatch(name):
                message = f"`{match[0]}` is no placeholder."
                help_text = "a placeholder is one name: `{total}`, with its value in `in: {total: = …}`"
                context.fault("MF-D191", message, *key, help=help_text)
            continue
        if name not in context.node.inputs:
            near = did_you_mean(name, context.node.inputs)
            message = f"The placeholder `{match[0]}` has no value."
            context.fault("MF-D190", message, *key, help=near or f"add `in: {{{name}: = …}}`")
        parts.append((text[start : match.start()], name))
        start = match.end()
    parts.append((text[start:], ""))
    return tuple(parts)


def names_of(parts: Parts) -> set[str]:
    """Give the names of a template's placeholders."""
    return {name for _, name in parts if name}


def filler(parts: Parts, *, is_html: bool = False) -> Fill:
    """Make what fills a template. It raises NodeError of kind `mail.message` for a value that is no single one."""

    def fill(values: Mapping[str, Any]) -> str:
        pieces: list[str] = []
        for text, name in parts:
            pieces.append(text)
            if name:
                value = text_of(values[name], f"`{{{name}}}`")
                pieces.append(html.escape(value) if is_html else value)
        return "".join(pieces)

    return fill


def text_of(value: Any, where: str) -> str:
    """Give a single value as text: numbers in plain notation, true and false as words, dates in ISO form."""
    if isinstance(value, str):
        return well_formed(value, where)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format_number(value)
    if isinstance(value, _TEMPORAL):
        return str(value)
    told = "null" if value is None else "a list" if isinstance(value, list) else "no single value"
    raise refused(f"{where} takes a text, number, date or truth value, not {told}")


def well_formed(text: str, where: str) -> str:
    """Give a text back unless it holds half a character or a NUL, which no mail can carry."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise refused(f"{where} holds half a character, which has no encoding") from error
    if "\0" in text:
        raise refused(f"{where} holds a NUL")
    return text


def one_line(text: str, where: str) -> str:
    """Give a text back unless it would end its line, or holds another control character."""
    if any(ord(each) < 32 or 127 <= ord(each) < 160 or each in "\u2028\u2029" for each in text):
        raise refused(f"{where} is one line without control characters")
    return text


def refused(sentence: str) -> NodeError:
    """Give the error of a mail that cannot be made."""
    return NodeError(f"{sentence}.", kind="mail.message")


Values = tuple[tuple[str, Evaluate], ...]


def values_of(values: Values, frame: Frame) -> dict[str, Any]:
    """Compute what placeholders stand for."""
    return {name: evaluate(frame) for name, evaluate in values}
