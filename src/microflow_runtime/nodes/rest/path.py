"""The path of a request: text of the author with `{name}` placeholders, whose values cannot leave their segment."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from microflow_runtime.nodes.rest.texts import encoded, refused, text_of

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_OWN: Final = "/%:@!$&'()*+,;=~-._"
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DOTS: Final = frozenset({".", ".."})

Part = tuple[str, str]
"""A piece of a segment: text as it is sent, and the name of a placeholder behind it, or `""`."""


def placeholders(path: str) -> list[str]:
    """Give the names of the placeholders in their order."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(path)))


def wrong_with_path(path: str) -> str:
    """Say what is wrong with a path as the author wrote it; `""` when nothing is."""
    rest = _PLACEHOLDER.sub("", path)
    if not path.startswith("/"):
        return "it begins with `/` and comes behind the URL of the connection"
    if "?" in rest or "#" in rest:
        return "it has no query; write that as `query`"
    if "{" in rest or "}" in rest or any(not name or "/" in name for name in placeholders(path)):
        return "a placeholder is written `{name}`"
    if _BAD_PERCENT.search(rest):
        return "a `%` stands before two hexadecimal digits"
    if any(not character.isprintable() or character in ' "<>\\^`|' for character in rest):
        return "it holds a character that stands encoded in an address"
    if any(unquote(segment) in _DOTS for segment in path.split("/")):
        return "it holds no `.` and `..`"
    return ""


def path_filler(path: str) -> Callable[[Mapping[str, Any]], str]:
    """Make what gives the encoded path for the placeholders' values; the author's text is parsed here, once.

    It raises NodeError of kind `http.request` for a value that is missing or would make another path of this one.
    """
    segments = [_parts(segment) for segment in path.split("/")]

    def fill(values: Mapping[str, Any]) -> str:
        return "/".join(_segment(parts, values) for parts in segments)

    return fill


def _parts(segment: str) -> list[Part]:
    pieces = _PLACEHOLDER.split(segment)
    texts = [quote(text, safe=_OWN) for text in pieces[::2]]
    return list(zip(texts, [*pieces[1::2], ""], strict=True))


def _segment(parts: list[Part], values: Mapping[str, Any]) -> str:
    if len(parts) == 1:
        return parts[0][0]
    filled = "".join(text + (encoded(text_of(values[name], f"`{{{name}}}`")) if name else "") for text, name in parts)
    if not filled or unquote(filled) in _DOTS:
        names = ", ".join(f"`{{{name}}}`" for _, name in parts if name)
        raise refused(f"the value of {names} is empty, `.` or `..`, which would make another path")
    return filled
