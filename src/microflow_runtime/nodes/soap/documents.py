"""The documents that a WSDL consists of, gathered before anybody reads them: the WSDL and the schemas that it imports.

Each is looked at first: no DTD, bounded in size and depth, nothing that grows when references are followed. Their
imports are rewritten to numbers, so that whoever reads them can reach nothing but what was gathered here.
"""

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from microflow_runtime.nodes.soap.mending import mend
from microflow_runtime.nodes.soap.references import ENCODINGS, MIME, PLACE, WSDL, XML, XSD
from microflow_runtime.nodes.soap.xml_tree import BrokenXml, Element, read_tree
from microflow_runtime.text import xml_in_utf8

_SOAP: Final = ("http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/")
DOCUMENT_BYTES: Final = 4 * 1024 * 1024
ALL_BYTES: Final = 16 * 1024 * 1024
_DOCUMENTS: Final = 64
_DEPTH: Final = 60
_ELEMENTS: Final = 200_000
_GROWTH: Final = 500_000
_XML_SCHEMA: Final = b"""<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/XML/1998/namespace">
<attribute name="lang" type="string"/><attribute name="space" type="NCName"/><attribute name="base" type="anyURI"/>
<attribute name="id" type="ID"/></schema>"""
_XML_PLACE: Final = "the schema of xml:lang"
_ENCODED: Final = "uses the encoding of SOAP 1.1, which is not supported"


class WsdlFault(Exception):
    """The WSDL cannot be used. `reason` is the rest of a sentence that begins with the document."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Reference(msgspec.Struct, frozen=True):
    """An import or include: where it says the document is (nowhere, when that is empty), and of which namespace."""

    location: str
    namespace: str


Resolve = Callable[[str, Reference], str | None]
"""Gives the place of a document that one at a place refers to; None for one that is not needed. Raises WsdlFault."""


class Gathered(msgspec.Struct, frozen=True):
    """The documents by number, the first of them the WSDL, each with its imports rewritten. `digest` tells them from others.

    `words` are the enumerations of simple types and `bases` what these restrict, by `{namespace}name`; `refused` says of
    operations, by binding and name, why they cannot be called, `gaps` of elements that stand for what is missing what that is,
    `ports` what became of ports that were left out. `places` are those of the documents.
    """

    documents: tuple[bytes, ...]
    digest: bytes
    words: Mapping[str, tuple[str, ...]]
    bases: Mapping[str, str]
    refused: Mapping[tuple[str, str], str]
    gaps: Mapping[str, str]
    ports: tuple[str, ...]
    places: tuple[str, ...]


class Gathering:
    """Takes documents as they come, and says which are still wanted. `resolve` says what a reference means."""

    def __init__(self, root: str, resolve: Resolve) -> None:
        self._resolve = resolve
        self._numbers = {root: 0}
        self._raw: dict[str, bytes] = {}
        self._trees: dict[str, Any] = {}
        self._bytes = 0
        self._missing: dict[str, str] = {}
        self.wanted = [root]

    def add(self, place: str, raw: bytes) -> None:
        """Take the document at a place. Raises WsdlFault."""
        self.wanted.remove(place)
        self._bytes += len(raw)
        if len(raw) > DOCUMENT_BYTES or self._bytes > ALL_BYTES:
            raise WsdlFault(f"is larger than {DOCUMENT_BYTES} bytes, or {ALL_BYTES} with its schemas")
        tree = _looked_at(raw, place)
        self._raw[place] = raw
        self._trees[place] = tree
        for node in _referring(tree):
            self._follow(place, node)

    def _follow(self, place: str, node: Any) -> None:
        attribute = "location" if node.tag == f"{{{WSDL}}}import" else "schemaLocation"
        reference = Reference(node.get(attribute, "").strip(), node.get("namespace", ""))
        if reference.namespace == XML:
            found: str | None = _XML_PLACE
        elif not reference.location:
            return
        else:
            found = self._found(place, node, reference)
        if found is None:
            del node.attrib[attribute]
            if node.tag != f"{{{XSD}}}import":
                node.getparent().remove(node)
            return
        number = self._numbers.get(found)
        if number is None:
            if len(self._numbers) >= _DOCUMENTS:
                raise WsdlFault(f"has more than {_DOCUMENTS} documents")
            number = self._numbers[found] = len(self._numbers)
            self.wanted.append(found)
            if found == _XML_PLACE:
                self.add(found, _XML_SCHEMA)
        node.set(attribute, f"{PLACE}{number}")

    def _found(self, place: str, node: Any, reference: Reference) -> str | None:
        """Find a document; one of a schema that is not at hand may turn out not to be needed, so that nothing is said yet."""
        is_schema = node.tag in {f"{{{XSD}}}import", f"{{{XSD}}}include"}
        if is_schema and reference.namespace in {XSD, *ENCODINGS, *MIME}:
            return None
        try:
            return self._resolve(place, reference)
        except WsdlFault as fault:
            if not is_schema:
                raise
            schema = next(node.iterancestors(f"{{{XSD}}}schema"))
            namespace = reference.namespace if node.tag == f"{{{XSD}}}import" else schema.get("targetNamespace", "")
            self._missing.setdefault(namespace, f"its schema is not at hand: {_of(place)}{fault.reason}")
            return None

    def finished(self) -> Gathered:
        """Give them all, once nothing is wanted any more. Raises WsdlFault when they grow beyond bounds."""
        from lxml import etree

        by_place = {place: self._trees[place] for place in self._numbers}
        trees = [*by_place.values()]
        _bound_growth(trees)
        gaps = mend(by_place, self._missing)
        words: dict[str, tuple[str, ...]] = {}
        bases: dict[str, str] = {}
        for index, tree in enumerate(trees):
            _name_simple_types(tree, index)
            for name, base, found in _simple_types(tree):
                bases[name] = base
                if found:
                    words[name] = found
        digest = hashlib.sha256()
        for place, raw in sorted(self._raw.items()):
            digest.update(hashlib.sha256(place.encode()).digest() + hashlib.sha256(raw).digest())
        refused = {pair: _ENCODED for tree in trees for pair in _encoded(tree)} | gaps.refused
        return Gathered(
            tuple(etree.tostring(tree) for tree in trees),
            digest.digest(),
            words,
            bases,
            refused,
            gaps.sentences,
            tuple(gaps.ports),
            tuple(by_place),
        )


def _looked_at(raw: bytes, place: str) -> Any:
    """Read a document for lxml, after the bounded reader had no objection."""
    from lxml import etree

    try:
        root = read_tree(raw, depth=_DEPTH, elements=_ELEMENTS)
    except BrokenXml as error:
        raise WsdlFault(f"{_of(place)}{error.reason}") from error
    if (root.namespace, root.name) not in {(WSDL, "definitions"), (XSD, "schema")}:
        raise WsdlFault(f"{_of(place)}is neither a WSDL 1.1 nor a schema: it begins with <{shown(root)}>")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(xml_in_utf8(raw), parser)
    except etree.XMLSyntaxError as error:
        raise WsdlFault(f"{_of(place)}is not XML: {str(error)[:200]}") from error


def shown(element: Element) -> str:
    """Give the name of an element for people, bounded."""
    return element.name[:60]


def _of(place: str) -> str:
    return "" if not place else f"({place}) "


def _referring(tree: Any) -> list[Any]:
    tags = (f"{{{WSDL}}}import", f"{{{XSD}}}import", f"{{{XSD}}}include", f"{{{XSD}}}redefine")
    return list(tree.iter(*tags))


def _bound_growth(trees: list[Any]) -> None:
    """Refuse definitions that hold each other so often that following every reference would never end."""
    made: dict[tuple[str, str], tuple[int, list[tuple[str, str]]]] = {}
    for tree in trees:
        for node in tree.iter(
            *(f"{{{XSD}}}{kind}" for kind in ("group", "attributeGroup", "simpleType", "complexType"))
        ):
            name = node.get("name")
            if name:
                size, references = _size(node)
                before, others = made.get((_kind(node), name), (0, []))
                made[_kind(node), name] = (before + size, others + references)
    sizes: dict[tuple[str, str], int] = {}

    def measure(key: tuple[str, str], depth: int) -> int:
        if key in sizes or key not in made or depth > 300:
            return sizes.get(key, 0)
        sizes[key] = 0  # a definition that holds itself is told by who reads it
        own, references = made[key]
        sizes[key] = min(own + sum(measure(each, depth + 1) for each in references), _GROWTH + 1)
        return sizes[key]

    if sum(measure(key, 0) for key in made) > _GROWTH:
        raise WsdlFault("holds types that grow beyond all bounds when they are put into each other")


def _kind(node: Any) -> str:
    kind: str = node.tag.rpartition("}")[2]
    return "type" if kind.endswith("Type") else kind


def _size(node: Any) -> tuple[int, list[tuple[str, str]]]:
    count, references = 0, []
    for each in node.iter(f"{{{XSD}}}*"):
        count += 1
        kind = each.tag.rpartition("}")[2]
        if kind in {"group", "attributeGroup"} and each.get("ref"):
            references.append((kind, _local(each.get("ref"))))
        elif kind in {"restriction", "extension", "list", "union"}:
            named = f"{each.get('base', '')} {each.get('itemType', '')} {each.get('memberTypes', '')}"
            references += [("type", _local(name)) for name in named.split()]
    return count, references


def _local(name: str) -> str:
    return name.rpartition(":")[2].strip()


def _name_simple_types(tree: Any, number: int) -> None:
    """Give the simple types without names, of elements and attributes, names of their own, so that they are found again."""
    for schema in [*tree.iter(f"{{{XSD}}}schema")]:
        nameless = [
            each
            for each in schema.iter(f"{{{XSD}}}simpleType")
            if each.getparent().tag in {f"{{{XSD}}}element", f"{{{XSD}}}attribute"}
            and each.find(f"{{{XSD}}}restriction/{{{XSD}}}enumeration") is not None
        ]
        namespace = schema.get("targetNamespace")
        for index, each in enumerate(nameless):
            owner, name = each.getparent(), f"words.{number}.{schema.sourceline or 0}.{index}"
            prefixes = [prefix for prefix, uri in owner.nsmap.items() if uri == namespace]
            if namespace and not prefixes:
                continue  # no name could be written; only the check of the words is lost
            owner.remove(each)
            owner.set("type", f"{prefixes[0]}:{name}" if prefixes and prefixes[0] else name)
            each.set("name", name)
            each.tail = None
            schema.append(each)


def _simple_types(tree: Any) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for node in tree.iter(f"{{{XSD}}}simpleType"):
        name, restriction = node.get("name"), node.find(f"{{{XSD}}}restriction")
        if not name or restriction is None:
            continue
        schema = next(node.iterancestors(f"{{{XSD}}}schema"), None)
        namespace = schema.get("targetNamespace", "") if schema is not None else ""
        prefix, _, base = restriction.get("base", "").strip().rpartition(":")
        words = tuple(each.get("value", "") for each in restriction.iterfind(f"{{{XSD}}}enumeration"))
        yield f"{{{namespace}}}{name}", f"{{{node.nsmap.get(prefix or None, '')}}}{base}", words


def _encoded(tree: Any) -> Iterator[tuple[str, str]]:
    for operation in tree.iter(f"{{{WSDL}}}operation"):
        for soap in _SOAP:
            if any(body.get("use") == "encoded" for body in operation.iter(f"{{{soap}}}body")):
                yield operation.getparent().get("name", ""), operation.get("name", "")


_RELATIVE: Final = re.compile(r"(?![A-Za-z][A-Za-z0-9+.-]*:|//|/)[^?#]+")


def gather_files(path: str, schemas: tuple[str, ...], find: Callable[[str], bytes | None]) -> Gathered:
    """Gather a WSDL and its schemas from the app's shared files. Raises WsdlFault.

    A reference by a relative path means the file there; one by an address means the one among `schemas` that is of its
    namespace, so that nothing is fetched.
    """
    by_namespace = {_namespace_of(raw): each for each in schemas if (raw := find(each)) is not None}

    def resolve(here: str, reference: Reference) -> str | None:
        location = reference.location
        if _RELATIVE.fullmatch(location):
            found = posixpath.normpath(posixpath.join(posixpath.dirname(here), location))
            if found == path or found in schemas:
                return found
            raise WsdlFault(f"refers to {found[:200]}, which is not among `schemas`")
        named = by_namespace.get(reference.namespace) if reference.namespace else None
        if named is None:
            raise WsdlFault(f"refers to {location[:200]}; no file among `schemas` is of that namespace")
        return named

    gathering = Gathering(path, resolve)
    while gathering.wanted:
        place = gathering.wanted[0]
        raw = find(place)
        if raw is None:
            raise WsdlFault(f"({place}) is not among the app's files")
        gathering.add(place, raw)
    return gathering.finished()


def _namespace_of(raw: bytes) -> str:
    try:
        return read_tree(raw, depth=_DEPTH, elements=_ELEMENTS).attributes.get(("", "targetNamespace"), "")
    except BrokenXml:
        return ""  # told when it is read
