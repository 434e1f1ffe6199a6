"""Replies: the elements of an envelope as the values that the WSDL declares, or as they come where it declares nothing.

A name that is not declared is left out, the order of elements does not matter, nor does a wrong namespace; an empty element
that may be absent and whose type has no empty value counts as absent; what is there has to fit. Whatever does not raises
Misfit with its path.
"""

from typing import Any, Final

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.compiler.business_objects.misfit import describe
from microflow_runtime.nodes.soap.shapes import (
    TEXT_KEY,
    AnyShape,
    ComplexShape,
    Field,
    Message,
    Shape,
    SimpleShape,
    Wsdl,
)
from microflow_runtime.nodes.soap.xml_tree import XSI, BrokenXml, Element, read_tree

_XML_PARTS: Final = frozenset({XSI, "http://www.w3.org/XML/1998/namespace"})


class Envelope:
    """An envelope that came: its version, and what is in it. Raises BrokenXml when it is none."""

    def __init__(self, body: bytes, namespaces: dict[str, str]) -> None:
        root = read_tree(body)
        versions = {namespace: version for version, namespace in namespaces.items()}
        if root.name != "Envelope" or root.namespace not in versions:
            raise BrokenXml(f"is no SOAP envelope, but <{root.name[:60]}>")
        self.version = versions[root.namespace]
        found = root.find("Body", root.namespace)
        if found is None:
            raise BrokenXml("is a SOAP envelope without a body")
        self.body = found
        self.fault = found.find("Fault", root.namespace)


def read_message(message: Message, body: Element, wsdl: Wsdl) -> dict[str, Any]:
    """Give the values of a reply by name. Raises Misfit."""
    if message.wrapper is None:
        return _complex(message.parts, body, wsdl) if message.parts.fields else {}
    name = message.wrapper.name
    inside = body.find(name) or (body.children[0] if len(body.children) == 1 else None)
    if inside is None or (inside.name != name and not _may_be(inside, name)):
        raise Misfit(f"<{name}>", f"<{body.children[0].name[:60]}>" if body.children else "nothing")
    if inside.is_nil:
        raise Misfit("a value", "nothing").under(name)
    shape = _declared(message.wrapper.shape, inside, wsdl)
    assert isinstance(shape, ComplexShape)
    return _complex(shape, inside, wsdl)


def _may_be(inside: Element, name: str) -> bool:
    """Tell whether an element stands for the answer of a call by its operation's name, as servers of the style rpc name it."""
    return inside.name.endswith("Response") or name in inside.name


def read_element(shape: Shape, element: Element, wsdl: Wsdl) -> Any:
    """Give the value of one element. Raises Misfit."""
    if element.is_nil:
        return None
    shape = _declared(shape, element, wsdl)
    if isinstance(shape, SimpleShape):
        if element.children:
            raise Misfit("a single value", f"<{element.children[0].name[:60]}> inside")
        return _simple(shape, element.text)
    return _complex(shape, element, wsdl) if isinstance(shape, ComplexShape) else read_anything(element)


def _declared(shape: Shape, element: Element, wsdl: Wsdl) -> Shape:
    """Give the type that the element itself names, as far as it is of the same sort."""
    named = element.attributes.get((XSI, "type"))
    if named is None:
        return shape
    namespace, name = element.expanded(named)
    found = wsdl.types.get(f"{{{namespace}}}{name}")
    if isinstance(found, ComplexShape) and isinstance(shape, ComplexShape | AnyShape):
        return found
    return found if isinstance(found, SimpleShape) and isinstance(shape, AnyShape) else shape


def _simple(shape: SimpleShape, text: str) -> Any:
    if shape.is_list:
        return [shape.kind.read(word) for word in text.split()]
    value = shape.kind.read(text)
    if shape.words and text.strip() not in shape.words and text not in shape.words:
        raise Misfit(f"one of {', '.join(shape.words[:20])}", describe(text))
    return value


def _complex(shape: ComplexShape, element: Element, wsdl: Wsdl) -> dict[str, Any]:
    came: dict[str, list[Element]] = {}
    for child in element.children:
        came.setdefault(child.name, []).append(child)
    value: dict[str, Any] = {}
    for name, field in shape.fields.items():
        try:
            value[name] = _field(name, field, element, came, wsdl)
        except Misfit as misfit:
            raise misfit.under(name) from misfit
    if shape.is_open:
        for name, children in came.items():
            if name not in value:
                value[name] = _one_or_list([read_anything(child) for child in children])
    return value


def _field(name: str, field: Field, element: Element, came: dict[str, list[Element]], wsdl: Wsdl) -> Any:
    if name == TEXT_KEY:
        assert isinstance(field.shape, SimpleShape)
        return _simple(field.shape, element.text)
    if name.startswith("@"):
        return _attribute(name[1:], field, element)
    named = came.get(name, [])
    # Many servers write namespaces as they please; the declared one counts where it is there.
    found = [each for each in named if each.namespace == field.namespace] or named
    if len(found) == 1 and not field.is_required and _says_nothing(field.shape, found[0], wsdl):
        return [] if field.is_list else None
    if field.is_list:
        items: list[Any] = []
        for index, each in enumerate(found):
            try:
                items.append(read_element(field.shape, each, wsdl))
            except Misfit as misfit:
                raise misfit.under(index) from misfit
        return items
    if len(found) > 1:
        raise Misfit("one value", f"{len(found)} of them")
    if not found:
        if field.is_required and not field.is_nillable:
            raise Misfit("a value", "nothing")
        return None
    value = read_element(field.shape, found[0], wsdl)
    if value is None and field.is_required and not field.is_nillable:
        raise Misfit("a value", "nothing")
    return value


def _says_nothing(shape: Shape, element: Element, wsdl: Wsdl) -> bool:
    """Whether an element is empty where its type has no empty value: many servers write what is absent so."""
    if element.children or element.text.strip() or any(namespace != XSI for namespace, _ in element.attributes):
        return False
    try:
        read_element(shape, element, wsdl)
    except Misfit:
        return True
    return False


def _attribute(name: str, field: Field, element: Element) -> Any:
    found = next((text for (_, each), text in element.attributes.items() if each == name), None)
    if found is None:
        if field.is_required:
            raise Misfit("a value", "nothing")
        return None
    assert isinstance(field.shape, SimpleShape)
    return _simple(field.shape, found)


def read_anything(element: Element) -> Any:
    """Give an element of which nothing is declared: a text, null, or a context by the names of what is inside it."""
    if element.is_nil:
        return None
    value: dict[str, Any] = {
        f"@{name}": text for (namespace, name), text in element.attributes.items() if namespace not in _XML_PARTS
    }
    inside: dict[str, list[Any]] = {}
    for child in element.children:
        inside.setdefault(child.name, []).append(read_anything(child))
    value |= {name: _one_or_list(items) for name, items in inside.items()}
    text = element.text
    if not value:
        return text or None
    if text.strip():
        value[TEXT_KEY] = text
    return value


def _one_or_list(items: list[Any]) -> Any:
    return items[0] if len(items) == 1 else items
