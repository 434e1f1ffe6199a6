"""What a WSDL says about messages, as far as the node needs it: elements and their types, without the library that read it."""

from functools import cached_property
from typing import Any, Final

import msgspec

from microflow_runtime.feel import ANY, ANY_CONTEXT, ContextType, ListType, Type, optional
from microflow_runtime.nodes.soap.simple_kinds import SimpleKind

TEXT_KEY: Final = "#text"
SEQUENCE: Final = "sequence"
CHOICE: Final = "choice"


class SimpleShape(msgspec.Struct, frozen=True):
    """A simple type: its kind, the words that it allows (all, when there are none), whether it is a list of them with blanks between."""

    kind: SimpleKind
    words: tuple[str, ...] = ()
    is_list: bool = False


class AnyShape(msgspec.Struct, frozen=True):
    """An element of which nothing is declared: texts, and contexts by the names of the elements inside."""


class Part(msgspec.Struct, frozen=True):
    """An element as it stands in a type. `most` is None where there is no bound; `namespace` is "" for one without."""

    name: str
    namespace: str
    shape: "Shape"
    least: int = 1
    most: int | None = 1
    is_nillable: bool = False


class Group(msgspec.Struct, frozen=True):
    """A sequence (or an `all`, whose order does not matter) or a choice of elements and groups."""

    kind: str
    parts: "tuple[Part | Group, ...]"
    least: int = 1
    most: int | None = 1


class Attribute(msgspec.Struct, frozen=True):
    """An attribute; its entry in a context is its name behind an `@`."""

    name: str
    namespace: str
    shape: SimpleShape
    is_required: bool = False


class Field(msgspec.Struct, frozen=True):
    """One name of a context: an element wherever it stands in the type, an attribute, or the text beside attributes."""

    shape: "Shape"
    namespace: str = ""
    is_list: bool = False
    is_required: bool = True
    is_nillable: bool = False


class ComplexShape:
    """A complex type. It is made empty and filled later, since types hold each other and themselves."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.content: Group | None = None
        self.attributes: tuple[Attribute, ...] = ()
        self.text: SimpleShape | None = None
        self.is_open = False
        """Whether elements may come that nothing is said about."""
        self.types: dict[bool, Type] = {}
        """What `type_of` made of it: one object for each side, by which a type that holds itself is known again."""

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Every name of its contexts, in the order of the declaration."""
        found: dict[str, Field] = {}
        if self.text is not None:
            found[TEXT_KEY] = Field(self.text)
        if self.content is not None:
            found |= _collected(self.content, is_list=False, is_required=True)
        for each in self.attributes:
            found[f"@{each.name}"] = Field(each.shape, is_required=each.is_required)
        return found


def _collected(group: Group, *, is_list: bool, is_required: bool) -> dict[str, Field]:
    """Give the fields of a group: those of a choice are one or the other, a name that a sequence has twice is a list."""
    is_list = is_list or group.most != 1
    is_required = is_required and group.least > 0 and group.kind == SEQUENCE
    found: dict[str, Field] = {}
    for part in group.parts:
        if isinstance(part, Group):
            inner = _collected(part, is_list=is_list, is_required=is_required)
        else:
            inner = {part.name: _field(part, is_list=is_list, is_required=is_required)}
        for name, field in inner.items():
            before = found.get(name)
            if before is not None:
                field = msgspec.structs.replace(  # noqa: PLW2901 - what both say together
                    field,
                    is_list=field.is_list or before.is_list or group.kind == SEQUENCE,
                    is_required=field.is_required or before.is_required,
                    is_nillable=field.is_nillable or before.is_nillable,
                )
            found[name] = field
    return found


def _field(part: Part, *, is_list: bool, is_required: bool) -> Field:
    return Field(
        part.shape,
        part.namespace,
        is_list=is_list or part.most != 1,
        is_required=is_required and part.least > 0,
        is_nillable=part.is_nillable,
    )


Shape = SimpleShape | ComplexShape | AnyShape


def type_of(shape: Shape, *, is_reply: bool) -> Type:
    """Give the type that formulas see of a value that came, or that one has to have to be sent.

    The fields of a complex type are looked at when somebody asks for them, since a type may hold itself.
    """
    if isinstance(shape, AnyShape):
        return ANY
    if isinstance(shape, SimpleShape):
        return ListType(shape.kind.type) if shape.is_list else shape.kind.type
    if shape.is_open and not shape.fields:
        return ANY_CONTEXT
    found = shape.types.get(is_reply)
    if found is None:

        def fields() -> tuple[tuple[str, Type], ...]:
            return tuple((name, field_type(field, is_reply=is_reply)) for name, field in shape.fields.items())

        found = shape.types[is_reply] = ContextType("", fields, open=shape.is_open)
    return found


def field_type(field: Field, *, is_reply: bool) -> Type:
    """Give the type of one name. A list that came is never null; one that is sent may be, where it may be empty."""
    kind = type_of(field.shape, is_reply=is_reply)
    if field.is_list:
        kind = ListType(kind)
        return kind if is_reply or field.is_required else optional(kind)
    return optional(kind) if field.is_nillable or not field.is_required else kind


class Message(msgspec.Struct, frozen=True):
    """What goes into a body: the parts by name, inside the element `wrapper` where there is one. `headers` are those declared."""

    parts: ComplexShape
    wrapper: Part | None = None
    headers: ComplexShape = msgspec.field(default_factory=ComplexShape)


class Operation(msgspec.Struct, frozen=True):
    """What can be asked for at a port. `output` is None where nothing comes back; `refusal` says why it cannot be called."""

    name: str
    action: str
    input: Message
    output: Message | None
    refusal: str = ""


class Port(msgspec.Struct, frozen=True):
    """A way to a service, in one version of SOAP (`1.1` or `1.2`). `address` is where the WSDL says it is."""

    service: str
    name: str
    version: str
    address: str
    operations: dict[str, Operation]


class Wsdl(msgspec.Struct, frozen=True):
    """A whole WSDL: its ports, and the elements and types that messages may name, by `{namespace}name`."""

    ports: tuple[Port, ...]
    elements: dict[str, Part]
    types: dict[str, Any]
