"""Contexts as XML and back, without anything of XML that reaches outside or grows: no DTD, no entities of its own.

An element with nothing but text is a text, an empty one null. Any other is a context by the names of what is inside it:
elements by their local names, a list where one comes more than once, attributes as `@name`, text beside elements as
`#text`. The whole document is a context with one entry, the root.
"""

import re
from typing import Any, Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from microflow_runtime.errors import NodeError
from microflow_runtime.nodes.rest.texts import refused, text_of
from microflow_runtime.text import BrokenText, declared_encoding, xml_in_utf8

_DEPTH: Final = 64
_ELEMENTS: Final = 1_000_000
_NAME: Final = re.compile(r"[^\W\d][\w.-]*(:[^\W\d][\w.-]*)?")
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT: Final = "#text"


def read_xml(body: bytes, content_type: str = "") -> dict[str, Any]:
    """Read a document. Raises NodeError of kind `http.reply` when it is no XML, has a DTD, or is nested too deep."""
    reader = _Reader()
    try:
        reader.parser.Parse(xml_in_utf8(body, declared_encoding(content_type)), True)  # noqa: FBT003 - the library's own
    except BrokenText as error:
        raise NodeError(f"the body of the reply {error.reason}.", kind="http.reply") from error
    except expat.ExpatError as error:
        raise _broken(f"it is not XML: {expat.ErrorString(error.code)} in line {error.lineno}") from error
    return reader.document


class _Reader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = _no_dtd
        self.document: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._count = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _DEPTH or self._count > _ELEMENTS:
            raise _broken(f"it has more than {_DEPTH} levels or {_ELEMENTS} elements")
        inside: dict[str, Any] = {f"@{_local(each)}": value for each, value in attributes.items()}
        self._open.append((_local(name), inside, []))

    def _characters(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def _end(self, _name: str) -> None:
        name, inside, texts = self._open.pop()
        text = "".join(texts)
        value: Any = inside
        if not inside:
            value = text or None
        elif text.strip():
            inside[_TEXT] = text
        into = self._open[-1][1] if self._open else self.document
        if name not in into:
            into[name] = value
        elif isinstance(into[name], list):
            into[name].append(value)
        else:
            into[name] = [into[name], value]


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _no_dtd(*_: Any) -> None:
    raise _broken("it has a DTD")


def _broken(sentence: str) -> NodeError:
    return NodeError(f"the body of the reply cannot be read: {sentence}.", kind="http.reply")


def write_xml(value: Any) -> bytes:
    """Write a context with one entry as a document. Raises NodeError of kind `http.request` when it is none."""
    if not isinstance(value, dict) or len(value) != 1:
        raise refused("a body of XML is a context with one entry, the root element")
    pieces = ['<?xml version="1.0" encoding="UTF-8"?>']
    ((name, inside),) = value.items()
    if isinstance(inside, list):
        raise refused("a document of XML has one root element, not a list of them")
    _write(name, inside, pieces)
    return "".join(pieces).encode()


def _write(name: str, value: Any, pieces: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _write(name, item, pieces)
        return
    tag = _named(name)
    if value is None:
        pieces.append(f"<{tag}/>")
    elif isinstance(value, dict):
        attributes = [(key[1:], item) for key, item in value.items() if key.startswith("@") and item is not None]
        shown = "".join(f" {_named(key)}={quoteattr(_clean(item, key))}" for key, item in attributes)
        pieces.append(f"<{tag}{shown}>")
        for key, item in value.items():
            if key == _TEXT:
                pieces.append(escape(_clean(item, name)))
            elif not key.startswith("@"):
                _write(key, item, pieces)
        pieces.append(f"</{tag}>")
    else:
        pieces.append(f"<{tag}>{escape(_clean(value, name))}</{tag}>")


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise refused(f"`{name[:60]}` is no name of an element or attribute")
    return name


def _clean(value: Any, name: str) -> str:
    text = text_of(value, f"`{name[:60]}`")
    if _NOT_XML.search(text):
        raise refused(f"`{name[:60]}` holds a character that XML does not have")
    return text
