"""From gathered documents to shapes. The only module that knows zeep, which reads WSDL and XML Schema for us.

What it reads is turned into shapes at once and let go of: messages are written and read by modules of our own, since
zeep's values are floats where the schema has doubles, and what does not fit it reads as nothing (decision 0071).
"""

import re
import warnings
from collections import OrderedDict, deque
from threading import Lock
from typing import Any, Final

import msgspec

from microflow_runtime.nodes.soap.documents import Gathered, WsdlFault
from microflow_runtime.nodes.soap.references import PLACE
from microflow_runtime.nodes.soap.shapes import (
    CHOICE,
    SEQUENCE,
    AnyShape,
    Attribute,
    ComplexShape,
    Field,
    Group,
    Message,
    Operation,
    Part,
    Port,
    Shape,
    SimpleShape,
    Wsdl,
)
from microflow_runtime.nodes.soap.simple_kinds import ANY_SIMPLE, kind_of
from microflow_runtime.telemetry import get_log

_log: Final = get_log("soap")
_KEPT: Final = 16
_PARTICLES: Final = 300_000
_XSD: Final = "{http://www.w3.org/2001/XMLSchema}"
_NUMBERED: Final = re.compile(re.escape(PLACE) + r"([0-9]{1,3})")
_ACTION: Final = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")
_VERSIONS: Final = {"Soap11Binding": "1.1", "Soap12Binding": "1.2"}


class WsdlShelf:
    """Keeps the WSDLs that were read last, by what they consist of."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Wsdl] = OrderedDict()
        self._lock = Lock()

    def get(self, gathered: Gathered) -> Wsdl:
        """Give the WSDL, reading it if it is not at hand, which takes a while. Raises WsdlFault."""
        with self._lock:
            found = self._kept.get(gathered.digest)
            if found is not None:
                self._kept.move_to_end(gathered.digest)
                return found
        made = read_wsdl(gathered)
        with self._lock:
            self._kept[gathered.digest] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made


def read_wsdl(gathered: Gathered) -> Wsdl:
    """Read a WSDL. Raises WsdlFault when it cannot be read, or has no port of SOAP over HTTP."""
    from lxml.etree import LxmlError
    from zeep.exceptions import Error
    from zeep.settings import Settings
    from zeep.wsdl import Document

    settings = Settings(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            document = Document(f"{PLACE}0", _Shelved(gathered.documents), settings=settings)
            return _Translation(document, gathered).wsdl()
    except RecursionError as error:
        raise WsdlFault("holds definitions that hold themselves, or are nested too deep") from error
    except (Error, LxmlError) as error:
        raise WsdlFault(f"cannot be used: {_with_places(error, gathered)}") from error
    except (LookupError, ValueError, TypeError, AttributeError, AssertionError, NotImplementedError) as error:
        # What zeep raises where a document is not what the standard says. Its own words would help nobody.
        _log.info("WSDL not understood", places=gathered.places, cause=repr(error))
        raise WsdlFault(
            f"({', '.join(gathered.places) or 'as its server gives it'}) holds what WSDL 1.1 and XML Schema do not allow, at a "
            "place that could not be found; a validator of XML Schema names it"
        ) from error


def _with_places(error: BaseException, gathered: Gathered) -> str:
    """Return the first line of a message, with the places of documents in place of their numbers."""
    line = (str(error).splitlines() or [""])[0]

    def named(found: re.Match[str]) -> str:
        number = int(found[1])
        return (gathered.places[number] if number < len(gathered.places) else "") or "the WSDL"

    return _NUMBERED.sub(named, line)[:300]


class _Shelved:
    """What zeep takes for its transport: it gives what was gathered, and nothing else."""

    binding_classes: tuple[Any, ...] = ()

    def __init__(self, documents: tuple[bytes, ...]) -> None:
        self._documents = documents

    def load(self, url: Any) -> bytes:
        """Give a document."""
        text = str(url)
        number = text.removeprefix(PLACE)
        if not text.startswith(PLACE) or not number.isdigit() or int(number) >= len(self._documents):
            raise WsdlFault(f"refers to {text[:200]}, which is not at hand")
        return self._documents[int(number)]


class _Translation:
    """Turns what zeep has read into shapes. Types are filled one after the other, not inside each other."""

    def __init__(self, document: Any, gathered: Gathered) -> None:
        self._document = document
        self._gathered = gathered
        self._made: dict[int, Shape] = {}
        self._sources: list[Any] = []
        self._waiting: deque[tuple[ComplexShape, Any]] = deque()
        self._left = _PARTICLES
        self._gaps: dict[int, str] = {}

    def wsdl(self) -> Wsdl:
        """Give all of it."""
        ports = tuple(
            found
            for service in self._document.services.values()
            for port in service.ports.values()
            if (found := self._port(service.name, port)) is not None
        )
        if not ports:
            left_out = "".join(f"; {each}" for each in self._gathered.ports[:3])
            raise WsdlFault(f"has no port of SOAP over HTTP{left_out}")
        declared = [each for each in self._document.types.elements if not each.qname.text.startswith(_XSD)]
        elements = {each.qname.text: self._part(each) for each in declared}
        types = {each.qname.text: self._shape(each) for each in self._document.types.types if each.qname is not None}
        while self._waiting:
            shape, source = self._waiting.popleft()
            self._fill(shape, source)
        self._look_for_gaps()
        whole = {name: shape for name, shape in types.items() if not self._gap_in(shape)}
        ports = tuple(msgspec.structs.replace(port, operations=self._callable(port)) for port in ports)
        return Wsdl(ports, elements, whole)

    def _look_for_gaps(self) -> None:
        """Find for each type the sentence of the first gap that a value of it would come across."""
        users: dict[int, list[ComplexShape]] = {}
        waiting: deque[tuple[ComplexShape, str]] = deque()
        for shape in [each for each in self._made.values() if isinstance(each, ComplexShape)]:
            for name, field in shape.fields.items() if self._gathered.gaps else ():
                if name in self._gathered.gaps:
                    waiting.append((shape, self._gathered.gaps[name]))
                users.setdefault(id(field.shape), []).append(shape)
        while waiting:
            shape, sentence = waiting.popleft()
            if id(shape) not in self._gaps:
                self._gaps[id(shape)] = sentence
                waiting.extend((user, sentence) for user in users.get(id(shape), ()))

    def _gap_in(self, shape: Shape) -> str:
        return self._gaps.get(id(shape), "")

    def _callable(self, port: Port) -> dict[str, Operation]:
        """Refuse the operations that come across a gap."""
        found: dict[str, Operation] = {}
        for name, operation in port.operations.items():
            messages = [operation.input, *([operation.output] if operation.output is not None else [])]
            fields = [
                field
                for message in messages
                for shape in (message.parts, message.headers, message.wrapper.shape if message.wrapper else None)
                if isinstance(shape, ComplexShape)
                for field in [Field(shape), *shape.fields.values()]
            ]
            gap = next((gap for field in fields if (gap := self._gap_in(field.shape))), "")
            names = [each for message in messages for each in message.parts.fields if each in self._gathered.gaps]
            gap = gap or next((self._gathered.gaps[each] for each in names), "")
            found[name] = msgspec.structs.replace(operation, refusal=operation.refusal or gap)
        return found

    def _port(self, service: str, port: Any) -> Port | None:
        binding = port.binding
        version = _VERSIONS.get(type(binding).__name__)
        if version is None:
            return None
        refused, own = self._gathered.refused, binding.name.localname
        operations = {name: self._operation(each, refused.get((own, name), "")) for name, each in binding.all().items()}
        for (its_binding, name), refusal in refused.items():
            if its_binding == own and name not in operations:
                operations[name] = Operation(name, "", Message(ComplexShape()), None, refusal)
        return Port(service, port.name, version, (port.binding_options or {}).get("address") or "", operations)

    def _operation(self, operation: Any, refusal: str) -> Operation:
        name, action = operation.name, operation.soapaction or ""
        if not _ACTION.fullmatch(action):
            raise WsdlFault(f"gives the operation {name[:60]} an action that no header can hold")
        if refusal:
            return Operation(name, action, Message(ComplexShape()), None, refusal)
        has_output = operation.output is not None and operation.abstract.output_message is not None
        return Operation(
            name,
            action,
            self._message(operation.input, is_rpc=operation.style == "rpc"),
            self._message(operation.output, is_rpc=operation.style == "rpc") if has_output else None,
        )

    def _message(self, message: Any, *, is_rpc: bool) -> Message:
        headers = ComplexShape("headers")
        header = getattr(message, "header", None)
        if header is not None and header.type._element:  # noqa: SLF001 - zeep has no other way to see it
            headers.content = _each_optional(self._group(header.type._element))  # noqa: SLF001
        body = getattr(message, "body", None)
        if body is None:
            return Message(ComplexShape(), None, headers)
        if not is_rpc and message._is_body_wrapped:  # noqa: SLF001
            parts = ComplexShape("body")
            parts.content = self._group(body.type._element)  # noqa: SLF001
            return Message(parts, None, headers)
        part = self._part(body)
        if isinstance(part.shape, ComplexShape):
            return Message(part.shape, part, headers)
        parts = ComplexShape("body")
        parts.content = Group(SEQUENCE, (part,))
        return Message(parts, None, headers)

    def _part(self, element: Any) -> Part:
        self._count()
        most = None if element.max_occurs == "unbounded" else int(element.max_occurs)
        qname = element.qname
        shape = self._shape(element.type)
        return Part(qname.localname, qname.namespace or "", shape, int(element.min_occurs), most, element.nillable)

    def _shape(self, source: Any) -> Shape:
        found = self._made.get(id(source))
        if found is None:
            self._sources.append(source)  # so that no other object gets its id
            found = self._made[id(source)] = self._new_shape(source)
        return found

    def _new_shape(self, source: Any) -> Shape:
        from zeep.xsd.types import AnySimpleType, ComplexType

        if isinstance(source, ComplexType):
            shape = ComplexShape(source.name or "")
            self._waiting.append((shape, source))
            return shape
        if isinstance(source, AnySimpleType):
            return self._simple(source)
        return AnyShape()

    def _simple(self, source: Any) -> SimpleShape:
        from zeep.xsd.types.collection import ListType, UnionType

        if isinstance(source, ListType):
            return SimpleShape(self._simple(source.item_type).kind, is_list=True)
        if isinstance(source, UnionType):
            return SimpleShape(ANY_SIMPLE)
        named = source.qname.text if source.qname is not None else ""
        words: tuple[str, ...] = ()
        for _ in range(64):
            words = words or self._gathered.words.get(named, ())
            named = self._gathered.bases.get(named, "")
        builtin = next((each for each in type(source).__mro__ if _is_builtin(each)), None)
        name = builtin.__dict__["_default_qname"].localname if builtin is not None else "anySimpleType"
        if name in {"NMTOKENS", "IDREFS", "ENTITIES"}:
            return SimpleShape(kind_of("NMTOKEN"), is_list=True)
        return SimpleShape(kind_of(name), words)

    def _fill(self, shape: ComplexShape, source: Any) -> None:
        from zeep.xsd.elements import Any as AnyElement
        from zeep.xsd.elements import Element
        from zeep.xsd.types import AnySimpleType

        element = source._element  # noqa: SLF001
        if isinstance(element, Element) and not isinstance(element, AnyElement):
            if isinstance(element.type, AnySimpleType):
                shape.text = self._simple(element.type)
            else:
                shape.is_open = True
        elif element:
            shape.content = self._group(element)
            shape.is_open = _has_any(element)
        shape.attributes = tuple(self._attribute(each) for _, each in source.attributes if each.name is not None)

    def _attribute(self, attribute: Any) -> Attribute:
        self._count()
        shape = self._shape(attribute.type)
        simple = shape if isinstance(shape, SimpleShape) else SimpleShape(ANY_SIMPLE)
        qname = attribute.qname
        return Attribute(qname.localname, qname.namespace or "", simple, bool(attribute.required))

    def _group(self, source: Any) -> Group:
        from zeep.xsd.elements import Any as AnyElement
        from zeep.xsd.elements import Choice, Element
        from zeep.xsd.elements import Group as NamedGroup

        self._count()
        most = None if source.max_occurs == "unbounded" else int(source.max_occurs)
        if isinstance(source, NamedGroup):
            return Group(SEQUENCE, (self._group(source.child),), int(source.min_occurs), most)
        parts: list[Part | Group] = []
        for each in source:
            if isinstance(each, AnyElement):
                continue
            parts.append(self._part(each) if isinstance(each, Element) else self._group(each))
        kind = CHOICE if isinstance(source, Choice) else SEQUENCE
        return Group(kind, tuple(parts), int(source.min_occurs), most)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise WsdlFault(f"has more than {_PARTICLES} elements and attributes")


def _each_optional(group: Group) -> Group:
    parts = (msgspec.structs.replace(part, least=0) for part in group.parts)
    return msgspec.structs.replace(group, parts=tuple(parts))


def _is_builtin(kind: type) -> bool:
    qname = kind.__dict__.get("_default_qname")
    return qname is not None and f"{qname.text}".startswith(_XSD)


def _has_any(source: Any) -> bool:
    from zeep.xsd.elements import Any as AnyElement
    from zeep.xsd.elements import Element
    from zeep.xsd.elements import Group as NamedGroup

    if isinstance(source, AnyElement):
        return True
    if isinstance(source, Element):
        return False
    return any(_has_any(each) for each in ([source.child] if isinstance(source, NamedGroup) else source))
