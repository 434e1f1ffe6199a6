"""The expressions that are written as text: literal expressions, and decision tables with their cells."""

from microflow_runtime.compiler.decisions import SUBJECT, check_table, tell_findings
from microflow_runtime.compiler.decisions.dmn import Element, is_feel, read_dmn_table
from microflow_runtime.compiler.formulas import Evaluate, check_formula
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.errors import FeelError
from microflow_runtime.feel import ANY, ContextType, ListType, Type, Value, optional
from microflow_runtime.nodes.decision.boxed.checker import Boxed, BoxedChecker, BoxedScope
from microflow_runtime.nodes.decision.boxed.slots import Slots
from microflow_runtime.nodes.decision.deciding import BoundTable, value_of
from microflow_runtime.nodes.decision.giving import names_read
from microflow_runtime.nodes.decision.matching import failure


def literal_expression(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check a formula."""
    if element.find("importedValues") is not None:
        checker.fault(f'"{name}" takes its values from outside the file.', element)
        return None
    text = element.find("text")
    if text is None or not text.text.strip():
        checker.fault(f'"{name}" has no formula.', element)
        return None
    declared = checker.types.of(element.get("typeRef"), element.path).type
    expected = None if declared is ANY else optional(declared)
    computed = check_formula(text.text, scope.types, text.path, checker.faults, expected=expected)
    if computed is None:
        return None
    checker.read.update(computed.names)

    def bind(slots: Slots) -> Evaluate:
        evaluate = computed.bind(slots.names)

        def compute(frame: Frame) -> Value:
            try:
                return evaluate(frame)
            except FeelError as error:
                raise failure(f'decision "{name}": the formula', error) from error

        return compute

    return Boxed(computed.type, bind)


def decision_table(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check a table, and tell what is found out about it without running it."""
    cells = [each for clause in element.named("input", "output", "rule") for each in clause.children]
    readable = [is_feel(each, checker.faults) for each in cells]
    if not all(readable):
        return None
    around = checker.surroundings_of(scope)
    written = read_dmn_table(element, name, checker.types, checker.allowed_of, checker.faults)
    table = check_table(written, around) if written is not None else None
    if written is None or table is None:
        return None
    tell_findings(table, written, around)
    checker.read.update(names_read(table))

    def bind(slots: Slots) -> Evaluate:
        inner, _ = slots.inside((SUBJECT,))
        bound, value = BoundTable(table, inner.names, f'decision "{name}": '), value_of(table)
        return lambda frame: value(bound.decide(frame))

    kinds = tuple((output.name, output.given) for output in table.outputs)
    kind: Type = kinds[0][1] if len(kinds) == 1 else ContextType("", kinds)
    return Boxed(ListType(kind) if table.gives_list else kind, bind, table)
