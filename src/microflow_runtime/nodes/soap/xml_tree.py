"""XML as a tree of small elements, without anything of XML that reaches outside or grows: no DTD, bounded depth and count."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from xml.parsers import expat

from microflow_runtime.text import BrokenText, xml_in_utf8

DEPTH: Final = 64
ELEMENTS: Final = 500_000
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_NO_ATTRIBUTES: Final[Mapping[tuple[str, str], str]] = {}


class BrokenXml(Exception):
    """The text is no XML that we take. `reason` is the rest of a sentence that begins with what it is."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Element:
    """One element. `attributes` are by `(namespace, name)`."""

    __slots__ = ("_prefixes", "attributes", "children", "name", "namespace", "texts")

    def __init__(
        self, namespace: str, name: str, attributes: Mapping[tuple[str, str], str], prefixes: "_Prefixes | None"
    ) -> None:
        self.namespace = namespace
        self.name = name
        self.attributes = attributes
        self._prefixes = prefixes
        # Most elements have neither, and a hostile document has very many.
        self.children: Sequence[Element] = ()
        self.texts: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The text in it, without that of elements inside."""
        return "".join(self.texts)

    @property
    def is_nil(self) -> bool:
        """Whether it says that it has no value."""
        return self.attributes.get((XSI, "nil"), "").strip() in {"true", "1"}

    def named(self, name: str, namespace: str | None = None) -> Iterator["Element"]:
        """Give the elements right inside it of this name."""
        for child in self.children:
            if child.name == name and (namespace is None or child.namespace == namespace):
                yield child

    def find(self, name: str, namespace: str | None = None) -> "Element | None":
        """Give the first of them."""
        return next(self.named(name, namespace), None)

    def expanded(self, text: str) -> tuple[str, str]:
        """Give namespace and name of a qualified name that stands in it as text."""
        prefix, _, name = text.strip().rpartition(":")
        scope = self._prefixes
        while scope is not None and prefix not in scope.declared:
            scope = scope.outer
        return (scope.declared[prefix] if scope is not None else ""), name


class _Prefixes(NamedTuple):
    """The prefixes that one element declares, and those that hold around it. Copies would grow with the product of both."""

    declared: dict[str, str]
    outer: "_Prefixes | None"


def read_tree(body: bytes, *, depth: int = DEPTH, elements: int = ELEMENTS) -> Element:
    """Read a document and give its root. Raises BrokenXml."""
    reader = _Reader(depth, elements)
    try:
        reader.parser.Parse(xml_in_utf8(body), True)  # noqa: FBT003 - the library's own
    except expat.ExpatError as error:
        raise BrokenXml(f"is not XML: {expat.ErrorString(error.code)} in line {error.lineno}") from error
    except BrokenText as error:
        raise BrokenXml(error.reason) from error
    assert reader.root is not None
    return reader.root


class _Reader:
    def __init__(self, depth: int, elements: int) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartNamespaceDeclHandler = self._declare
        self.parser.StartDoctypeDeclHandler = _no_dtd
        self.root: Element | None = None
        self._open: list[Element] = []
        self._scopes: list[_Prefixes | None] = [None]
        self._declared: dict[str, str] = {}
        self._depth, self._left, self._elements = depth, elements, elements

    def _declare(self, prefix: str | None, namespace: str | None) -> None:
        self._declared[prefix or ""] = namespace or ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._left -= 1
        if len(self._open) >= self._depth or self._left < 0:
            raise BrokenXml(f"has more than {self._depth} levels or {self._elements} elements")
        prefixes = self._scopes[-1]
        if self._declared:
            prefixes = _Prefixes(self._declared, prefixes)
            self._declared = {}
        pairs = {_split(each): value for each, value in attributes.items()} if attributes else _NO_ATTRIBUTES
        element = Element(*_split(name), pairs, prefixes)
        if self._open:
            parent = self._open[-1]
            if not parent.children:
                parent.children = []
            parent.children.append(element)  # type: ignore[attr-defined]  # it is the list made here
        else:
            self.root = element
        self._open.append(element)
        self._scopes.append(prefixes)

    def _characters(self, text: str) -> None:
        element = self._open[-1]
        if not element.texts:
            element.texts = []
        element.texts.append(text)  # type: ignore[attr-defined]  # it is the list made here

    def _end(self, _name: str) -> None:
        self._open.pop()
        self._scopes.pop()


def _split(name: str) -> tuple[str, str]:
    namespace, _, local = name.rpartition(" ")
    return namespace, local


def _no_dtd(*_: Any) -> None:
    raise BrokenXml("has a DTD")
