"""Envelopes: the values of a flow as the elements that the WSDL declares. Whatever does not fit raises Misfit with its path."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.compiler.business_objects.misfit import describe
from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.nodes.soap.shapes import (
    CHOICE,
    TEXT_KEY,
    AnyShape,
    ComplexShape,
    Group,
    Message,
    Part,
    Shape,
    SimpleShape,
)
from microflow_runtime.nodes.soap.simple_kinds import ANY_SIMPLE
from microflow_runtime.nodes.soap.xml_tree import DEPTH, XSI

ENVELOPES: Final = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
"""The namespace of the envelope by the version of SOAP."""
_ATTRIBUTE: Final = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def write_envelope(
    version: str, message: Message, values: Mapping[str, Any], headers: Mapping[str, Any]
) -> tuple[bytes, int]:
    """Give the envelope, and the offset in it at which a header that signs in may be put. Raises Misfit."""
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{ENVELOPES[version]}" xmlns:i="{XSI}"><s:Header>'
    )
    writer = _Writer()
    if headers:
        try:
            writer.content(message.headers, headers, "", 0)
        except Misfit as misfit:
            raise misfit.under("headers") from misfit
    writer.pieces.append("</s:Header><s:Body>")
    if message.wrapper is None:
        writer.content(message.parts, values, "", 0)
    else:
        writer.element(message.wrapper, values, "", 0)
    writer.pieces.append("</s:Body></s:Envelope>")
    return (head + "".join(writer.pieces)).encode(), len(head.encode())


def fits(part: Part, value: Any) -> None:
    """See that a value can be written. Raises Misfit, with the part's name first in its path."""
    _Writer().many(part, value, "", 0)


class _Writer:
    """Writes elements. `namespace` is the one that holds for names without a prefix at that place."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def element(self, part: Part, value: Any, namespace: str, depth: int) -> None:
        """Write one element."""
        if depth > DEPTH:
            raise Misfit(f"at most {DEPTH} levels", "more")
        declared = f' xmlns="{_quoted(part.namespace)}"' if part.namespace != namespace else ""
        if value is None:
            if not part.is_nillable:
                raise Misfit("a value", "nothing")
            self.pieces.append(f'<{part.name}{declared} i:nil="true"/>')
            return
        if isinstance(part.shape, ComplexShape):
            self._complex(part, part.shape, value, declared, depth)
            return
        self.pieces.append(f"<{part.name}{declared}>{_escaped(_text(part.shape, value))}</{part.name}>")

    def _complex(self, part: Part, shape: ComplexShape, value: Any, declared: str, depth: int) -> None:
        if type(value) is not dict:
            raise Misfit("an object" if shape.text is None else f"an object with `{TEXT_KEY}`", describe(value))
        check_names(shape, value)
        self.pieces.append(f"<{part.name}{declared}{_attributes(shape, value)}>")
        if shape.text is not None:
            text = value.get(TEXT_KEY)
            if text is None:
                raise Misfit("a value", "nothing").under(TEXT_KEY)
            self.pieces.append(_escaped(_under(TEXT_KEY, shape.text, text)))
        elif shape.content is not None:
            self._group(shape.content, value, part.namespace, depth + 1)
        self.pieces.append(f"</{part.name}>")

    def content(self, shape: ComplexShape, values: Mapping[str, Any], namespace: str, depth: int) -> None:
        """Write what stands right in a body or header."""
        check_names(shape, values)
        if shape.content is not None:
            self._group(shape.content, values, namespace, depth)

    def _group(self, group: Group, values: Mapping[str, Any], namespace: str, depth: int) -> None:
        names = list(_names(group))
        if group.most == 1:
            if group.least > 0 or any(_is_given(values.get(name)) for name in names):
                self._once(group, values, namespace, depth)
            return
        given = {name: values.get(name) for name in names}
        for name, value in given.items():
            if value is not None and type(value) is not list:
                raise Misfit("a list", describe(value)).under(name)
        turns = max((len(value) for value in given.values() if value is not None), default=0)
        _count(turns, group.least, group.most)
        for turn in range(turns):
            one = {name: value[turn] for name, value in given.items() if value is not None and turn < len(value)}
            self._once(group, one, namespace, depth)

    def _once(self, group: Group, values: Mapping[str, Any], namespace: str, depth: int) -> None:
        if group.kind == CHOICE:
            self._choice(group, values, namespace, depth)
            return
        for part in group.parts:
            if isinstance(part, Group):
                self._group(part, values, namespace, depth)
            else:
                self.many(part, values.get(part.name), namespace, depth)

    def _choice(self, group: Group, values: Mapping[str, Any], namespace: str, depth: int) -> None:
        chosen: list[Part | Group] = []
        for part in group.parts:
            names = [part.name] if isinstance(part, Part) else list(_names(part))
            if any(_is_given(values.get(name)) for name in names):
                chosen.append(part)
        if len(chosen) > 1:
            chosen = [_covering(chosen, values)]
        if not chosen:
            return  # whether one must be given, the shapes do not know; the service says so
        if isinstance(chosen[0], Group):
            self._group(chosen[0], values, namespace, depth)
        else:
            self.many(chosen[0], values.get(chosen[0].name), namespace, depth)

    def many(self, part: Part, value: Any, namespace: str, depth: int) -> None:
        """Write an element as often as there are values for it."""
        try:
            if part.most == 1:
                if value is not None or part.least > 0:
                    self.element(part, value, namespace, depth)
                return
            items = [] if value is None else value
            if type(items) is not list:
                raise Misfit("a list", describe(items))
            _count(len(items), part.least, part.most)
            for index, item in enumerate(items):
                try:
                    self.element(part, item, namespace, depth)
                except Misfit as misfit:
                    raise misfit.under(index) from misfit
        except Misfit as misfit:
            raise misfit.under(part.name) from misfit


def check_names(shape: ComplexShape, values: Mapping[str, Any]) -> None:
    """See that every name with a value is one of the type's. Raises Misfit."""
    for name, value in values.items():
        if name not in shape.fields and value is not None:
            near = did_you_mean(str(name), shape.fields)
            expected = f"one of {', '.join(list(shape.fields)[:20])}" if shape.fields else "no names at all"
            raise Misfit(expected, f"the name `{str(name)[:60]}`{f' ({near})' if near else ''}")


def _covering(chosen: list[Part | Group], values: Mapping[str, Any]) -> Part | Group:
    """Give the alternative that takes everything that is given; there may be several with names in common."""
    given: set[str] = set()
    covers = []
    for part in chosen:
        names = {part.name} if isinstance(part, Part) else set(_names(part))
        own = {name for name in names if _is_given(values.get(name))}
        given |= own
        covers.append((own, part))
    for own, part in covers:
        if own == given:
            return part
    raise Misfit("one alternative of a choice", " and ".join(sorted(given)))


def _names(group: Group) -> Iterator[str]:
    for part in group.parts:
        if isinstance(part, Group):
            yield from _names(part)
        else:
            yield part.name


def _is_given(value: Any) -> bool:
    return value is not None and value != []


def _count(found: int, least: int, most: int | None) -> None:
    if found < least or (most is not None and found > most):
        bounds = f"{least} or more" if most is None else f"{least} to {most}"
        raise Misfit(f"a list of {bounds}", f"a list of {found}")


def _attributes(shape: ComplexShape, values: Mapping[str, Any]) -> str:
    written = ""
    for index, attribute in enumerate(shape.attributes):
        key = f"@{attribute.name}"
        value = values.get(key)
        if value is None:
            if attribute.is_required:
                raise Misfit("a value", "nothing").under(key)
            continue
        text = escape(_under(key, attribute.shape, value), _ATTRIBUTE)
        if attribute.namespace == "http://www.w3.org/XML/1998/namespace":
            written += f' xml:{attribute.name}="{text}"'
        elif attribute.namespace:
            written += f' xmlns:a{index}="{_quoted(attribute.namespace)}" a{index}:{attribute.name}="{text}"'
        else:
            written += f' {attribute.name}="{text}"'
    return written


def _under(key: str, shape: Shape, value: Any) -> str:
    try:
        return _text(shape, value)
    except Misfit as misfit:
        raise misfit.under(key) from misfit


def _text(shape: Shape, value: Any) -> str:
    if isinstance(shape, AnyShape):
        return ANY_SIMPLE.write(value)
    assert isinstance(shape, SimpleShape)
    if not shape.is_list:
        return _word(shape, value)
    if type(value) is not list:
        raise Misfit("a list", describe(value))
    return " ".join(_word(shape, each) for each in value)


def _word(shape: SimpleShape, value: Any) -> str:
    text = shape.kind.write(value)
    if shape.words and text not in shape.words:
        near = did_you_mean(text, shape.words)
        raise Misfit(f"one of {', '.join(shape.words[:20])}", f"{describe(value)}{f' ({near})' if near else ''}")
    return text


def _escaped(text: str) -> str:
    return escape(text, {"\r": "&#13;"})


def _quoted(text: str) -> str:
    return escape(text, _ATTRIBUTE)
