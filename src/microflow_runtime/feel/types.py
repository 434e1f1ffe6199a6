"""The types of the formula language: what a name, a field and an expression may hold.

A type is immutable and hashable. Each carries `optional`: True when the value may be null, too. `ANY` is a value
nothing is known about before it runs. `str(type)` is the word used in messages: `number`, `[OrderLine]`, `string?`.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Final, Self
from weakref import ReferenceType, ref

Fields = tuple[tuple[str, "Type"], ...]


class Type:
    """The root of all types; on its own, a simple type such as `number`."""

    __slots__ = ("__weakref__", "_counterpart", "_hash", "optional", "word")

    def __init__(self, word: str, *, optional: bool = False) -> None:
        self.word = word
        self.optional = optional
        self._counterpart: Type | ReferenceType[Type] | None = None
        self._hash: int | None = None

    def _identity(self) -> tuple[object, ...]:
        return (self.word, self.optional)

    def _with(self, *, optional: bool) -> "Type":
        return Type(self.word, optional=optional)

    def as_optional(self, *, optional: bool) -> "Type":
        """Give the same type with the wanted `optional`, the same object as long as it is used."""
        if self.optional == optional or self is ANY or self is NULL:
            return self
        other = self._counterpart
        if isinstance(other, ReferenceType):
            other = other()
        if other is None:
            other = self._with(optional=optional)
            other._counterpart = self  # noqa: SLF001 - the two know each other
            # Types of records come and go with plans: a ring of them would wait for the collector, which sees it late.
            self._counterpart = other if type(self) is Type else ref(other)
        return other

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and isinstance(other, Type) and self._identity() == other._identity()

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((type(self), self._identity()))
        return self._hash

    def __str__(self) -> str:
        return self.word + "?" if self.optional and self.word not in {"Any", "null"} else self.word

    def __repr__(self) -> str:
        return f"<type {self}>"


class ListType(Type):
    """A list whose items are all of one type."""

    __slots__ = ("item",)

    def __init__(self, item: Type, *, optional: bool = False) -> None:
        super().__init__(f"[{item}]", optional=optional)
        self.item = item

    def _identity(self) -> tuple[object, ...]:
        return (self.item, self.optional)

    def _with(self, *, optional: bool) -> Self:
        return type(self)(self.item, optional=optional)


class RangeType(ListType):
    """A range, `[1..10]`; `item` is the type of its ends."""

    __slots__ = ()

    def __init__(self, item: Type, *, optional: bool = False) -> None:
        super().__init__(item, optional=optional)
        self.word = f"range<{item}>"


class FunctionType(Type):
    """A function. `parameters` is None when nothing is known about them."""

    __slots__ = ("names", "parameters", "result")

    def __init__(
        self,
        parameters: tuple[Type, ...] | None,
        result: Type,
        *,
        names: tuple[str, ...] | None = None,
        optional: bool = False,
    ) -> None:
        inside = "" if parameters is None else ", ".join(map(str, parameters))
        super().__init__(f"function<{inside}>->{result}", optional=optional)
        self.parameters = parameters
        self.result = result
        self.names = names

    def _identity(self) -> tuple[object, ...]:
        return (self.parameters, self.result, self.names, self.optional)

    def _with(self, *, optional: bool) -> "FunctionType":
        return FunctionType(self.parameters, self.result, names=self.names, optional=optional)


class _Comparing(threading.local):
    """The pairs of contexts that the present thread is comparing: a pair met again inside itself is taken for equal."""

    def __init__(self) -> None:
        self.pairs: set[tuple[int, int]] = set()


_comparing: Final = _Comparing()


class ContextType(Type):
    """A record of named fields. `name` is that of its Business Object, or empty for a context written in a formula.

    A closed type (`open` False) promises that its values hold every declared field. An open one may hold more, and
    reading a field it does not declare gives a value of type `ANY`. `fields` may be a function, called once when the
    fields are first needed, so that a Business Object can hold itself.
    """

    __slots__ = ("_fields", "_index", "name", "open")

    def __init__(
        self,
        name: str,
        fields: Fields | Callable[[], Fields],
        optional: bool = False,  # noqa: FBT001, FBT002 - the order of the record is its contract
        open: bool = False,  # noqa: A002, FBT001, FBT002
    ) -> None:
        super().__init__(name or "context", optional=optional)
        self.name = name
        self.open = open
        self._fields = fields
        self._index: dict[str, Type] | None = None
        if not name and not callable(fields) and fields:
            self.word = "context<" + ", ".join(f"{key}: {kind}" for key, kind in fields) + ">"

    @property
    def fields(self) -> Fields:
        """The declared fields in their order."""
        if callable(self._fields):
            self._fields = self._fields()
        return self._fields

    @property
    def index(self) -> dict[str, Type]:
        """The declared fields by name."""
        if self._index is None:
            self._index = dict(self.fields)
        return self._index

    def _with(self, *, optional: bool) -> "ContextType":
        return ContextType(self.name, self._fields if callable(self._fields) else self.fields, optional, self.open)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, ContextType) or (self.name, self.optional, self.open) != (
            other.name,
            other.optional,
            other.open,
        ):
            return False
        pair = (id(self), id(other))
        if pair in _comparing.pairs:
            return True
        _comparing.pairs.add(pair)
        try:
            return self.fields == other.fields
        finally:
            _comparing.pairs.discard(pair)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self.name, self.optional, self.open, tuple(self.index)))
        return self._hash


class FieldNames:
    """Which fields of open contexts formulas read by name, and which a Business Object takes over when it is given them whole."""

    __slots__ = ("read", "taken")

    def __init__(self) -> None:
        self.read: set[str] = set()
        self.taken: set[str] = set()


class RowType(ContextType):
    """An open context that somebody else makes, such as a row of a table. Checking formulas notes the names they expect in it."""

    __slots__ = ("names",)

    def __init__(self, fields: Fields, names: FieldNames, *, optional: bool = False) -> None:
        super().__init__("", fields, optional, open=True)
        self.names = names

    def _with(self, *, optional: bool) -> "RowType":
        return RowType(self.fields, self.names, optional=optional)


def note_read(kind: Type, name: str) -> None:
    """Note that a formula reads a field which the type does not declare, where somebody wants to know."""
    if isinstance(kind, RowType):
        kind.names.read.add(name)


def note_taken(kind: Type, target: Type) -> None:
    """Note that rows, or a row, are given whole to a Business Object, which takes its fields."""
    while isinstance(kind, ListType) and isinstance(target, ListType):
        kind, target = kind.item, target.item
    if isinstance(kind, RowType) and isinstance(target, ContextType):
        kind.names.taken.update(target.index)


ANY: Final = Type("Any", optional=True)
NULL: Final = Type("null", optional=True)
NUMBER: Final = Type("number")
STRING: Final = Type("string")
BOOLEAN: Final = Type("boolean")
DATE: Final = Type("date")
TIME: Final = Type("time")
DATE_TIME: Final = Type("date and time")
DAYS_DURATION: Final = Type("days and time duration")
MONTHS_DURATION: Final = Type("years and months duration")
DURATION: Final = Type("duration")
ANY_LIST: Final = ListType(ANY)
EMPTY_LIST: Final = ListType(ANY)
"""The type of `[]`: joined with another list it is that one's. It equals `ANY_LIST` and is told apart by identity."""
ANY_CONTEXT: Final = ContextType("", (), open=True)
ANY_RANGE: Final = RangeType(ANY)
ANY_FUNCTION: Final = FunctionType(None, ANY)

DURATIONS: Final = (DAYS_DURATION, MONTHS_DURATION, DURATION)


def optional(kind: Type) -> Type:
    """Give the type that also allows null."""
    return kind.as_optional(optional=True)


def required(kind: Type) -> Type:
    """Give the type without null. `ANY` and `NULL` stay what they are."""
    return kind.as_optional(optional=False)


def is_declared_list(record: ContextType, field: Type) -> bool:
    """Tell whether a field of a record is a list that the record's definition declares: it is empty where the record is missing."""
    return bool(record.name) and not record.open and type(field) is ListType and not field.optional


def is_assignable(source: Type, target: Type) -> bool:
    """Tell whether every value of `source` may stand where `target` is wanted; `ANY` may stand anywhere."""
    if source is ANY or target is ANY or source == target:
        return True
    if source.optional and not target.optional:
        return False
    if source is NULL:
        return True
    return _fits(required(source), required(target), set())


def _fits(source: Type, target: Type, seen: set[tuple[int, int]]) -> bool:
    if source is ANY or target is ANY or source == target:
        return True
    if source.optional and not target.optional:
        return False
    source, target = required(source), required(target)
    if source is NULL or source == target:
        return True
    if target is DURATION:
        return source in DURATIONS
    if isinstance(target, ContextType):
        return isinstance(source, ContextType) and _context_fits(source, target, seen)
    if isinstance(target, ListType):
        return type(source) is type(target) and isinstance(source, ListType) and _fits(source.item, target.item, seen)
    if isinstance(target, FunctionType):
        return isinstance(source, FunctionType) and _function_fits(source, target, seen)
    return False


def _context_fits(source: ContextType, target: ContextType, seen: set[tuple[int, int]]) -> bool:
    pair = (id(source), id(target))
    if pair in seen:
        return True
    seen.add(pair)
    for name, kind in target.fields:
        have = source.index.get(name)
        if have is None:
            if not kind.optional and not source.open:
                return False
        elif not _fits(have, kind, seen):
            return False
    return True


def _function_fits(source: FunctionType, target: FunctionType, seen: set[tuple[int, int]]) -> bool:
    if target.parameters is None or source.parameters is None:
        return _fits(source.result, target.result, seen)
    if len(source.parameters) != len(target.parameters):
        return False
    pairs = zip(target.parameters, source.parameters, strict=True)
    return all(_fits(given, wanted, seen) for given, wanted in pairs) and _fits(source.result, target.result, seen)


def join(first: Type, second: Type) -> Type:
    """Give the narrowest type that holds the values of both."""
    if first is second:
        return first
    if first is ANY or second is ANY:
        return ANY
    if first is NULL:
        return optional(second)
    if second is NULL:
        return optional(first)
    may_be_null = first.optional or second.optional
    a, b = required(first), required(second)
    if a is EMPTY_LIST and isinstance(b, ListType):
        kind: Type = b
    elif (b is EMPTY_LIST and isinstance(a, ListType)) or a == b:
        kind = a
    elif isinstance(a, ListType) and type(a) is type(b) and isinstance(b, ListType):
        kind = type(a)(join(a.item, b.item))
    elif a in DURATIONS and b in DURATIONS:
        kind = DURATION
    elif isinstance(a, ContextType) and isinstance(b, ContextType):
        kind = _join_contexts(a, b)
    else:
        return ANY
    return optional(kind) if may_be_null else kind


def _join_contexts(a: ContextType, b: ContextType) -> Type:
    if _fits(a, b, set()) and set(a.index) == set(b.index):
        return b
    if _fits(b, a, set()) and set(a.index) == set(b.index):
        return a
    if not a.name and not b.name and set(a.index) == set(b.index):
        return ContextType("", tuple((name, join(kind, b.index[name])) for name, kind in a.fields))
    return ANY_CONTEXT


def join_all(kinds: Iterator[Type]) -> Type:
    """Join any number of types; none at all gives `ANY`."""
    result: Type | None = None
    for kind in kinds:
        result = kind if result is None else join(result, kind)
        if result is ANY:
            return ANY
    return ANY if result is None else result


def may_equal(first: Type, second: Type) -> bool:
    """Tell whether a value of one could ever equal a value of the other, null apart."""
    a, b = required(first), required(second)
    if a in {ANY, NULL} or b in {ANY, NULL}:
        return True
    if a in DURATIONS and b in DURATIONS:
        return a is b or DURATION in {a, b}
    if type(a) is not type(b):
        return False
    if isinstance(a, ListType) and isinstance(b, ListType):
        return may_equal(a.item, b.item)
    return isinstance(a, ContextType | FunctionType) or a == b
