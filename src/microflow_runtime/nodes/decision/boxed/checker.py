"""Checks an expression of a DMN file by the kind of its element: what it gives, and how it is bound to a frame."""

from collections.abc import Callable, Mapping

import msgspec

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.compiler.decisions import CheckedTable, Surroundings
from microflow_runtime.compiler.decisions.dmn import EXPRESSIONS, Element, ItemTypes, is_feel
from microflow_runtime.compiler.decisions.table import Entry
from microflow_runtime.compiler.faults import FaultList, Path
from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.errors import FeelError, NodeError
from microflow_runtime.feel import ANY, Type, Value, is_assignable, optional, type_of
from microflow_runtime.feel.faults import Failure, FeelLimitError, LimitFailure
from microflow_runtime.nodes.decision.boxed.slots import Slots
from microflow_runtime.nodes.decision.matching import failure


class BoxedScope(msgspec.Struct, frozen=True):
    """The names that an expression sees and their types. `local` are those that its boxes bind, whose origin is unknown."""

    types: Mapping[str, Type]
    local: frozenset[str] = frozenset()

    def inside(self, names: Mapping[str, Type]) -> "BoxedScope":
        """Return the scope with further names, which hide those outside."""
        return BoxedScope({**self.types, **names}, self.local | frozenset(names))


class Boxed(msgspec.Struct, frozen=True):
    """A checked expression: the type of what it gives, and what binds it to a frame; `table` when it is a decision table."""

    type: Type
    bind: Callable[[Slots], Evaluate]
    table: CheckedTable | None = None


class BoxedChecker:
    """Checks the expressions of one file.

    `title` begins the messages of errors while they run, `name` is that of what holds the logic. `read` collects the
    names that formulas read, those bound by boxes among them.
    """

    def __init__(
        self,
        kinds: Mapping[str, Callable[["BoxedChecker", Element, BoxedScope, str], Boxed | None]],
        types: ItemTypes,
        faults: FaultList,
        surroundings_of: Callable[[BoxedScope], Surroundings],
        allowed_of: Callable[[str], Entry | None],
    ) -> None:
        self._kinds = kinds
        self.types = types
        self.faults = faults
        self.surroundings_of = surroundings_of
        self.allowed_of = allowed_of
        self.read: set[str] = set()

    def check(self, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
        """Check an expression, the logic of what has this name or a part of it; None after a fault, which is then told."""
        kind = self._kinds.get(element.name)
        if kind is None:
            self.fault(f"A boxed {element.name} is not read.", element)
            return None
        return kind(self, element, scope, name) if is_feel(element, self.faults) else None

    def check_inside(self, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
        """Check the one expression right inside an element; None after a fault."""
        inner = next(element.named(*EXPRESSIONS), None)
        if inner is None:
            self.fault(f"The {element.name} has no expression.", element)
            return None
        return self.check(inner, scope, name)

    def check_part(self, element: Element, part: str, scope: BoxedScope, name: str) -> Boxed | None:
        """Check the expression in a part of an element, as `then` of a conditional; None after a fault."""
        found = element.find(part)
        if found is None:
            self.fault(f"The {element.name} has no `{part}`.", element)
            return None
        return self.check_inside(found, scope, name)

    def declared(self, boxed: Boxed, reference: str, path: Path, what: str) -> Boxed:
        """Hold an expression to the type that is declared for it; `what` names it in messages."""
        declared = self.types.of(reference, path).type
        if declared is ANY:
            return boxed
        if not is_assignable(boxed.type, optional(declared)):
            self.faults.add("MF-D187", f"{what} gives {boxed.type}, and is declared as {declared}.", path)
            return boxed
        if boxed.type is not ANY:
            return boxed
        fit = fitting(declared, f"{what} does not fit")
        return Boxed(optional(declared), lambda slots: _then(boxed.bind(slots), fit), boxed.table)

    def fault(self, message: str, element: Element, help_text: str = "") -> None:
        """Tell that something of the file is not read."""
        self.faults.add("MF-D184", message, element.path, help=help_text)


def fitting(kind: Type, what: str) -> Callable[[Value], Value]:
    """Make what checks that a value is of a type or missing, where nobody could tell before; it raises NodeError."""
    wanted = optional(kind)

    def fit(value: Value) -> Value:
        found = type_of(value)
        if not is_assignable(found, wanted):
            raise NodeError(f"{what}: {Misfit(str(kind), str(found)).sentence()}.", kind="formula")
        return value

    return fit


def failed(what: str, error: FeelError | Failure | LimitFailure) -> Exception:
    """Return the error of a box at work, with what it was; that the time is over stays what it is."""
    if isinstance(error, LimitFailure):
        return failure(what, FeelLimitError(str(error), is_deadline=error.is_deadline))
    return failure(what, error if isinstance(error, FeelError) else FeelError(str(error)))


def _then(evaluate: Evaluate, fit: Callable[[Value], Value]) -> Evaluate:
    def evaluate_and_fit(frame: Frame) -> Value:
        return fit(evaluate(frame))

    return evaluate_and_fit
