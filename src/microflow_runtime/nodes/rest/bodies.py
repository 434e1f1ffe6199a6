"""What a request carries: one row a kind of content."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from microflow_runtime.nodes.rest.json_form import write_json
from microflow_runtime.nodes.rest.texts import form_encoded, pairs_of, refused, text_of
from microflow_runtime.nodes.rest.xml_form import write_xml

Written = tuple[bytes, str]
"""A body and its content type."""


def _json(value: Any) -> Written:
    return write_json(value), "application/json"


def _form(value: Any) -> Written:
    entries = _entries(value, "a form")
    pairs = (pair for name, item in entries.items() for pair in pairs_of(name, item, f"`{name}` of the form"))
    return form_encoded(pairs).encode(), "application/x-www-form-urlencoded"


def _multipart(value: Any) -> Written:
    boundary = secrets.token_hex(16)
    pieces: list[bytes] = []
    for name, item in _entries(value, "a multipart body").items():
        parts = item if isinstance(item, list) else [item]
        pieces += [f"--{boundary}\r\n{_part(name, part)}\r\n".encode() for part in parts if part is not None]
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces), f"multipart/form-data; boundary={boundary}"


def _part(name: str, value: Any) -> str:
    """Write a field, or a file: a context of `file` (its name), `content` and, if it has one, `type`."""
    where = f"`{name}` of the multipart body"
    disposition = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if not isinstance(value, dict):
        return f"{disposition}\r\n\r\n{text_of(value, where)}"
    if not {"file", "content"} <= set(value) <= {"file", "content", "type"}:
        raise refused(f"{where} is a single value, or a context of `file`, `content` and `type`")
    kind = text_of(value.get("type") or "text/plain; charset=utf-8", where)
    if not kind.isascii() or not kind.isprintable():
        raise refused(f"the type of {where} is no content type")
    filename = _quoted(text_of(value["file"], where))
    return f'{disposition}; filename="{filename}"\r\nContent-Type: {kind}\r\n\r\n{text_of(value["content"], where)}'


def _quoted(name: str) -> str:
    """Write a name so that it stays one parameter of its header, as browsers do."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _text(value: Any) -> Written:
    return text_of(value, "the body").encode(), "text/plain; charset=utf-8"


def _xml(value: Any) -> Written:
    return write_xml(value), "application/xml"


def _entries(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise refused(f"{what} is a context of names and values")
    return value


WRITERS: Final[Mapping[str, Callable[[Any], Written]]] = {
    "json": _json,
    "form": _form,
    "multipart": _multipart,
    "xml": _xml,
    "text": _text,
}
"""How a value becomes a body, by the words of the setting `content`."""


def write_body(content: str, value: Any) -> Written:
    """Give body and content type. Raises NodeError of kind `http.request` when the value does not fit the content."""
    try:
        return WRITERS[content](value)
    except UnicodeEncodeError as error:
        raise refused("the body holds half a character, which has no encoding") from error
