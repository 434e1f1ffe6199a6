"""Reads a decision table of a DMN file into the form that every table has."""

from collections.abc import Callable
from typing import Final, cast

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.compiler.decisions.dmn.document import Element
from microflow_runtime.compiler.decisions.dmn.item_types import ItemTypes, tests_in
from microflow_runtime.compiler.decisions.table import (
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_RULES,
    Aggregate,
    Entry,
    HitPolicy,
    WrittenInput,
    WrittenOutput,
    WrittenRule,
    WrittenTable,
)
from microflow_runtime.compiler.faults import FaultList
from microflow_runtime.feel import ANY, Type, Value, is_assignable, optional, type_of

_POLICIES: Final = ("UNIQUE", "FIRST", "ANY", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "COLLECT")
_AGGREGATES: Final = ("SUM", "MIN", "MAX", "COUNT")

AllowedOf = Callable[[str], Entry | None]
"""Gives the tests that every value of a name passes."""


def read_dmn_table(
    table: Element, name: str, types: ItemTypes, allowed_of: AllowedOf, faults: FaultList
) -> WrittenTable | None:
    """Read the table of a decision of this name; None when its form is wrong, which is then told."""
    inputs, outputs, rules = (list(table.named(each)) for each in ("input", "output", "rule"))
    hit, aggregate = table.get("hitPolicy") or "UNIQUE", table.get("aggregation")
    before = len(faults.faults)
    if hit not in _POLICIES or (aggregate and (aggregate not in _AGGREGATES or hit != "COLLECT")):
        faults.add("MF-D187", f"There is no hit policy {hit} {aggregate}".rstrip() + ".", table.path)
    for what, count, most in (
        ("inputs", len(inputs), MOST_COLUMNS),
        ("outputs", len(outputs), MOST_COLUMNS),
        ("rules", len(rules), MOST_RULES),
    ):
        if not 1 <= count <= most:
            faults.add("MF-D187", f"A table has 1 to {most:,} {what}; this one has {count:,}.", table.path)
    if len(rules) * (len(inputs) + len(outputs)) > MOST_CELLS:
        faults.add("MF-D187", f"A table has at most {MOST_CELLS:,} cells.", table.path)
    read_rules = [_rule(rule, len(inputs), len(outputs), faults) for rule in rules]
    read_inputs = [_input(each, types, allowed_of, faults) for each in inputs]
    read_outputs = [_output(each, name, types, faults, is_alone=len(outputs) == 1) for each in outputs]
    names = [output.name for output in read_outputs]
    if len(set(names)) < len(names):
        faults.add("MF-D187", "Two outputs have the same name.", table.path)
    if len(faults.faults) > before:
        return None
    return WrittenTable(
        path=table.path,
        hit_path=table.path,
        hit=cast("HitPolicy", hit.lower()),
        aggregate=cast("Aggregate", aggregate.lower()) if aggregate else None,
        inputs=tuple(each for each in read_inputs if each is not None),
        outputs=tuple(read_outputs),
        rules=tuple(read_rules),
    )


def _input(element: Element, types: ItemTypes, allowed_of: AllowedOf, faults: FaultList) -> WrittenInput | None:
    expression = element.find("inputExpression")
    text = expression.find("text") if expression is not None else None
    if expression is None or text is None or not text.text.strip():
        faults.add("MF-D187", "An input needs a formula.", element.path)
        return None
    declared = types.of(expression.get("typeRef"), expression.path)
    plain = " ".join(text.text.split())
    return WrittenInput(
        path=element.path,
        label=element.get("label") or plain,
        expression=Entry(text.path, text.text),
        type=declared.type,
        adopt=None if declared.type is ANY else _fitting(declared.type),
        allowed=tests_in(element.find("inputValues")) or declared.tests_at() or allowed_of(plain),
    )


def _output(element: Element, name: str, types: ItemTypes, faults: FaultList, *, is_alone: bool) -> WrittenOutput:
    own = " ".join(element.get("name").split()) or (name if is_alone else "")
    if not own:
        faults.add("MF-D187", "An output among several needs a name.", element.path)
    declared = types.of(element.get("typeRef"), element.path)
    return WrittenOutput(
        path=element.path,
        name=own,
        type=optional(declared.type),
        is_needed=True,
        adopt=None if declared.type is ANY else _fitting(declared.type),
        allowed=tests_in(element.find("outputValues")) or declared.tests_at(),
        default=_entry(element.find("defaultOutputEntry")),
    )


def _rule(rule: Element, inputs: int, outputs: int, faults: FaultList) -> WrittenRule:
    tests, entries = list(rule.named("inputEntry")), list(rule.named("outputEntry"))
    if len(tests) != inputs or len(entries) != outputs:
        message = f"The rule has {len(tests)} and {len(entries)} cells for {inputs} inputs and {outputs} outputs."
        faults.add("MF-D187", message, rule.path)
    return WrittenRule(rule.path, tuple(map(tests_in, tests)), tuple(map(_entry, entries)))


def _entry(element: Element | None) -> Entry | None:
    text = element.find("text") if element is not None else None
    return Entry(text.path, text.text) if text is not None and text.text.strip() else None


def _fitting(kind: Type) -> Callable[[Value], Value]:
    """Make what checks that a value is of a type, where nobody could tell before."""

    def fit(value: Value) -> Value:
        found = type_of(value)
        if not is_assignable(found, optional(kind)):
            raise Misfit(str(kind), str(found))
        return value

    return fit
