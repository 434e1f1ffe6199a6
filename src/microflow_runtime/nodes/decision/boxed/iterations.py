"""Boxed iterations over lists: for, every, some and filter."""

from collections.abc import Callable, Iterator, Mapping

from microflow_runtime.compiler.decisions.dmn import Element
from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.errors import FeelError
from microflow_runtime.feel import ANY, BOOLEAN, ContextType, FormulaFaults, ListType, Type, Value, check, required
from microflow_runtime.feel.faults import LimitFailure
from microflow_runtime.feel.limits import turns
from microflow_runtime.nodes.decision.boxed.checker import Boxed, BoxedChecker, BoxedScope, failed
from microflow_runtime.nodes.decision.boxed.choices import check_condition, is_true
from microflow_runtime.nodes.decision.boxed.slots import Slots

_DOMAIN = "the domain"
_EACH = "for each in the domain return each"
"""What an iteration goes over is what the formula language goes over: lists, ranges, single values."""

Items = Callable[[Frame], Iterator[Value]]


def iteration(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check a for: what is returned may read the results so far as `partial`."""
    over = _Over.read(checker, element, scope, name)
    variable = _variable(element)
    if over is None:
        return None
    inside = scope.inside({variable: over.item, "partial": ListType(ANY)})
    checker.read.discard("partial")
    body = checker.check_part(element, "return", inside, name)
    if body is None:
        return None
    shows_partial = "partial" in checker.read

    def bind(slots: Slots) -> Evaluate:
        items = over.bind(slots)
        inner, (slot, partial) = slots.inside((variable, "partial"))
        evaluate = body.bind(inner)

        def compute(frame: Frame) -> Value:
            made: list[Value] = []
            for item in items(frame):
                frame[slot] = item
                if shows_partial:
                    frame[partial] = made.copy()
                made.append(evaluate(frame))
            return made

        return compute

    return Boxed(ListType(body.type), bind)


def every(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check whether a condition holds of all items."""
    return _quantified(checker, element, scope, name, all)


def some(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check whether a condition holds of at least one item."""
    return _quantified(checker, element, scope, name, any)


def _quantified(
    checker: BoxedChecker,
    element: Element,
    scope: BoxedScope,
    name: str,
    judge: Callable[[Iterator[bool]], bool],
) -> Boxed | None:
    over = _Over.read(checker, element, scope, name)
    variable = _variable(element)
    if over is None:
        return None
    condition = checker.check_part(element, "satisfies", scope.inside({variable: over.item}), name)
    if condition is None:
        return None
    check_condition(checker, condition, element, "What is to be satisfied")

    def bind(slots: Slots) -> Evaluate:
        items = over.bind(slots)
        inner, (slot,) = slots.inside((variable,))
        test = condition.bind(inner)

        def holds(frame: Frame) -> Iterator[bool]:
            for item in items(frame):
                frame[slot] = item
                yield is_true(test(frame), name)

        return lambda frame: judge(holds(frame))

    return Boxed(BOOLEAN, bind)


def filtered(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check a filter: its condition sees each item as `item`, and the fields of an item that is a context."""
    over = _Over.read(checker, element, scope, name)
    if over is None:
        return None
    fields = _fields(over.item)
    condition = checker.check_part(element, "match", scope.inside({**fields, "item": over.item}), name)
    if condition is None:
        return None
    check_condition(checker, condition, element, "The filter")

    def bind(slots: Slots) -> Evaluate:
        items = over.bind(slots)
        inner, (slot, *places) = slots.inside(("item", *(each for each in fields if each != "item")))
        named = tuple(zip(places, (each for each in fields if each != "item"), strict=True))
        test = condition.bind(inner)

        def compute(frame: Frame) -> Value:
            kept: list[Value] = []
            for item in items(frame):
                frame[slot] = item
                for place, field in named:
                    frame[place] = None if item is None else item.get(field)
                if is_true(test(frame), name):
                    kept.append(item)
            return kept

        return compute

    return Boxed(ListType(over.item), bind)


def _variable(element: Element) -> str:
    return " ".join(element.get("iteratorVariable").split())


def _fields(kind: Type) -> Mapping[str, Type]:
    plain = required(kind)
    return dict(plain.fields) if isinstance(plain, ContextType) else {}


class _Over:
    """What an iteration goes over: `item` is the type of each item."""

    def __init__(self, domain: Boxed, name: str) -> None:
        self._domain = domain
        self._each = check(_EACH, {_DOMAIN: domain.type})
        self._name = name
        kind = self._each.type
        self.item: Type = kind.item if isinstance(kind, ListType) else ANY

    @classmethod
    def read(cls, checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> "_Over | None":
        """Check what stands in `in`; None after a fault."""
        if element.name != "filter" and not _variable(element):
            checker.faults.add("MF-D187", f"The {element.name} needs the name of its iterator variable.", element.path)
            return None
        domain = checker.check_part(element, "in", scope, name)
        if domain is None:
            return None
        try:
            return cls(domain, name)
        except FormulaFaults as found:
            reason = found.faults[0].message
            checker.faults.add("MF-D187", f"The {element.name} cannot go over {domain.type}: {reason}.", element.path)
            return None

    def bind(self, slots: Slots) -> Items:
        """Return what gives the items for a frame, counted as turns of formulas are."""
        domain = self._domain.bind(slots)
        inner, (slot,) = slots.inside((_DOMAIN,))
        each = self._each.bind(inner.names)
        what = f'decision "{self._name}": the iteration'

        def items(frame: Frame) -> Iterator[Value]:
            frame[slot] = domain(frame)
            try:
                for part in turns(each(frame)):
                    yield from part
            except (FeelError, LimitFailure) as error:
                raise failed(what, error) from error

        return items
