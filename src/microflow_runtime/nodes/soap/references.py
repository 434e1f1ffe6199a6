"""What the documents of a WSDL refer to and nobody defines, found and marked before the library reads them.

Services in the field refer to schemas that are nowhere, use array types of the SOAP encoding beside messages that are plain,
or import a schema under a namespace that it does not have. Whatever refers to nothing is replaced by an element with the
name of a `gap`, so that the rest can be read; an operation that comes across it is refused with the sentence of the gap.
"""

from collections.abc import Mapping
from typing import Any, Final

WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
XSD: Final = "http://www.w3.org/2001/XMLSchema"
XML: Final = "http://www.w3.org/XML/1998/namespace"
PLACE: Final = "file:///"
"""What the address of a gathered document begins with; its number follows."""
ENCODINGS: Final = ("http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/2003/05/soap-encoding")
MIME: Final = ("http://www.w3.org/2005/05/xmlmime", "http://www.w3.org/2004/11/xmlmime")
_GAP: Final = "gap."
_TYPES: Final = frozenset(("simpleType", "complexType"))
BUILT_IN: Final = frozenset(
    [
        "anyType",
        "anySimpleType",
        "string",
        "boolean",
        "decimal",
        "float",
        "double",
        "duration",
        "dateTime",
        "time",
        "date",
        "gYearMonth",
        "gYear",
        "gMonthDay",
        "gDay",
        "gMonth",
        "hexBinary",
        "base64Binary",
        "anyURI",
        "QName",
        "NOTATION",
        "normalizedString",
        "token",
        "language",
        "NMTOKEN",
        "NMTOKENS",
        "Name",
        "NCName",
        "ID",
        "IDREF",
        "IDREFS",
        "ENTITY",
        "ENTITIES",
        "integer",
        "nonPositiveInteger",
        "negativeInteger",
        "long",
        "int",
        "short",
        "byte",
        "nonNegativeInteger",
        "unsignedLong",
        "unsignedInt",
        "unsignedShort",
        "unsignedByte",
        "positiveInteger",
    ]
)

Name = tuple[str, str, str]
"""The kind (`type`, `element`, `attribute`, `group`, `attributeGroup`, or one of WSDL), namespace and local name."""


class Gaps:
    """The gaps of a WSDL: their sentences by the name of the element that stands there, and operations without their parts.

    `refused` has for an operation, by binding and name, the sentence that says why it cannot be called; `ports` says what
    became of ports that were left out.
    """

    def __init__(self) -> None:
        self.sentences: dict[str, str] = {}
        self.refused: dict[tuple[str, str], str] = {}
        self.ports: list[str] = []

    def name(self, sentence: str) -> str:
        """Return the name of the element that stands for what is missing."""
        name = f"{_GAP}{len(self.sentences)}"
        self.sentences[name] = sentence
        return name


class Names:
    """What is defined, and what is said of what is not."""

    def __init__(self, trees: Mapping[str, Any], missing: Mapping[str, str]) -> None:
        self._places = {id(tree): place for place, tree in trees.items()}
        self._missing = missing
        self._defined = _defined([*trees.values()])
        self._broken: dict[Name, str] = {}

    def fault(self, node: Any, kind: str, attribute: str) -> str:
        """Return why what an attribute refers to is not there; nothing when it is, or there is no such attribute."""
        written = node.get(attribute)
        return "" if written is None else self.fault_of(node, kind, written.strip())

    def fault_of(self, node: Any, kind: str, written: str) -> str:
        """Return why what is referred to under a name is not there; nothing when it is."""
        name = resolved(node, written)
        if name is None:
            prefix, _, local = written.rpartition(":")
            return self._sentence(node, kind, local, f'the prefix "{prefix[:60]}" is not declared')
        namespace, local = name
        if kind == "type" and namespace == XSD and local in BUILT_IN:
            return ""
        if (kind, namespace, local) in self._broken:
            return self._broken[kind, namespace, local]
        if (kind, namespace, local) in self._defined:
            return ""
        return self._sentence(node, kind, local, self._remedy(kind, namespace, local))

    def drop(self, kind: str, namespace: str, local: str, sentence: str) -> None:
        """Take what is defined for what is not, with the sentence that says why."""
        self._broken[kind, namespace, local] = sentence

    def where(self, node: Any) -> str:
        """Return the file and line of an element."""
        place = self._places.get(id(node.getroottree().getroot()), "")
        return f"{place or 'the WSDL'}, line {node.sourceline or 0}"

    def _remedy(self, kind: str, namespace: str, local: str) -> str:
        if namespace in ENCODINGS:
            return "types of the SOAP encoding are not read; ask for a port of the style document with literal use"
        if namespace == XSD:
            return f"XML Schema has no {kind} of that name"
        if namespace in self._missing:
            return self._missing[namespace]
        near = any((other[0], other[2]) == (kind, local) for other in self._defined)
        hint = "; another namespace has it" if near else ""
        shown = f"the namespace {namespace[:200]}" if namespace else "no namespace"
        return f"{shown} has none of that name{hint}: correct the name, or add the schema to `schemas`"

    def _sentence(self, node: Any, kind: str, local: str, why: str) -> str:
        owner = next((each for each in (node, *node.iterancestors()) if each.get("name")), node)
        inside = f'"{owner.get("name")[:60]}"' if owner.get("name") else f"<{local_name(node)}>"
        return f"needs the {kind} {local[:60]}, to which {inside} refers ({self.where(node)}), but {why}"


def resolved(node: Any, written: str) -> tuple[str, str] | None:
    """Return the namespace and local name of a name as it is written at an element; None when its prefix is not declared."""
    prefix, _, local = written.rpartition(":")
    namespace = node.nsmap.get(prefix or None, None if prefix else "")
    return None if namespace is None else (namespace, local)


def _defined(trees: list[Any]) -> set[Name]:
    """Return the names of all that is defined. A schema without a namespace also counts for those that include it."""
    found: set[Name] = set()
    included: dict[int, set[str]] = {}
    for tree in trees:
        for node in tree.iter(f"{{{XSD}}}include", f"{{{XSD}}}redefine"):
            number = number_of(node.get("schemaLocation", ""))
            if number is not None:
                included.setdefault(id(trees[number]), set()).add(target_of(node))
    for tree in trees:
        for schema in tree.iter(f"{{{XSD}}}schema"):
            own = schema.get("targetNamespace", "")
            spaces = {own} if own else {"", *included.get(id(tree), set())}
            for node in [*schema, *(each for inner in schema.iter(f"{{{XSD}}}redefine") for each in inner)]:
                kind = _kind(node)
                found |= {(kind, space, node.get("name", "")) for space in spaces}
        own = tree.get("targetNamespace", "")
        found |= {
            (kind, own, node.get("name", ""))
            for kind in ("message", "portType", "binding")
            for node in tree.iter(f"{{{WSDL}}}{kind}")
        }
    return found | {("attribute", XML, name) for name in ("lang", "space", "base", "id")}


def number_of(location: str) -> int | None:
    """Return the number of the document that a rewritten location names."""
    number = location.removeprefix(PLACE)
    return int(number) if location.startswith(PLACE) and number.isdigit() else None


def target_of(node: Any) -> str:
    """Return the target namespace that holds at an element."""
    for each in (node, *node.iterancestors()):
        if each.tag in {f"{{{XSD}}}schema", f"{{{WSDL}}}definitions"}:
            namespace: str = each.get("targetNamespace", "")
            return namespace
    return ""


def _kind(node: Any) -> str:
    kind = local_name(node)
    return "type" if kind in _TYPES else kind


def local_name(node: Any) -> str:
    """Return the name of an element without its namespace."""
    local: str = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
    return local
