"""Boxed contexts, lists and relations: values put together of expressions."""

from microflow_runtime.compiler.decisions.dmn import EXPRESSIONS, Element
from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.feel import ContextType, ListType, Type, Value
from microflow_runtime.feel.types import join_all
from microflow_runtime.nodes.decision.boxed.checker import Boxed, BoxedChecker, BoxedScope
from microflow_runtime.nodes.decision.boxed.slots import Slots


def context(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check a context: each entry sees those before it; a last one without a name is what the context gives."""
    entries: list[tuple[str, Boxed]] = []
    result: Boxed | None = None
    good = True
    for entry in element.named("contextEntry"):
        variable = entry.find("variable")
        key = " ".join(variable.get("name").split()) if variable is not None else ""
        boxed = checker.check_inside(entry, scope, name)
        if boxed is None:
            good = False
        elif result is not None or key in dict(entries):
            is_behind = result is not None
            twice = "Only the last entry has no name." if is_behind else f'The entry "{key}" comes twice.'
            checker.faults.add("MF-D187", twice, entry.path)
            good = False
        elif variable is None or not key:
            result = boxed
        else:
            boxed = checker.declared(boxed, variable.get("typeRef"), variable.path, f'The entry "{key}"')
            entries.append((key, boxed))
            scope = scope.inside({key: boxed.type})
    if not good:
        return None
    kind = ContextType("", tuple((key, boxed.type) for key, boxed in entries))
    last = result

    def bind(slots: Slots) -> Evaluate:
        steps: list[tuple[str, int, Evaluate]] = []
        for key, boxed in entries:
            evaluate = boxed.bind(slots)
            slots, (slot,) = slots.inside((key,))
            steps.append((key, slot, evaluate))
        give = last.bind(slots) if last is not None else None

        def compute(frame: Frame) -> Value:
            made: dict[str, Value] = {}
            for key, slot, evaluate in steps:
                made[key] = frame[slot] = evaluate(frame)
            return made if give is None else give(frame)

        return compute

    return Boxed(kind if last is None else last.type, bind)


def list_of(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check a list of expressions."""
    items = [checker.check(each, scope, name) for each in element.named(*EXPRESSIONS)]
    good = [each for each in items if each is not None]
    if len(good) < len(items):
        return None

    def bind(slots: Slots) -> Evaluate:
        bound = [each.bind(slots) for each in good]
        return lambda frame: [evaluate(frame) for evaluate in bound]

    return Boxed(ListType(join_all(each.type for each in good)), bind)


def relation(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check a relation: a list of contexts, one for each row."""
    columns = [" ".join(each.get("name").split()) for each in element.named("column")]
    rows: list[list[Boxed]] = []
    good = True
    for row in element.named("row"):
        cells = [checker.check(each, scope, name) for each in row.named(*EXPRESSIONS)]
        read = [each for each in cells if each is not None]
        good = good and len(read) == len(cells)
        if len(cells) != len(columns):
            checker.faults.add("MF-D187", f"The row has {len(cells)} cells for {len(columns)} columns.", row.path)
            good = False
        rows.append(read)
    if len(set(columns)) < len(columns) or "" in columns:
        checker.faults.add("MF-D187", "The columns need names that differ.", element.path)
        good = False
    if not good:
        return None
    kinds: list[tuple[str, Type]] = [
        (column, join_all(row[index].type for row in rows)) for index, column in enumerate(columns)
    ]

    def bind(slots: Slots) -> Evaluate:
        bound = [[each.bind(slots) for each in row] for row in rows]
        return lambda frame: [
            {column: evaluate(frame) for column, evaluate in zip(columns, row, strict=True)} for row in bound
        ]

    return Boxed(ListType(ContextType("", tuple(kinds))), bind)
