"""Checks a written table against the names and types that it sees: every formula, every cell, every value."""

from collections.abc import Callable, Mapping
from decimal import localcontext
from typing import Final

import msgspec

from microflow_runtime.compiler.decisions.axes import Facts
from microflow_runtime.compiler.decisions.facts import Paths
from microflow_runtime.compiler.decisions.grid import column_of
from microflow_runtime.compiler.decisions.simple_tests import CLASSES, SimpleTests, listed_values, one_of, simple_tests
from microflow_runtime.compiler.decisions.table import (
    CheckedInput,
    CheckedOutput,
    CheckedRule,
    CheckedTable,
    Entry,
    WrittenInput,
    WrittenOutput,
    WrittenTable,
)
from microflow_runtime.compiler.faults import FaultList
from microflow_runtime.compiler.formulas import Computed, check_formula
from microflow_runtime.feel import (
    ANY,
    DATE,
    DATE_TIME,
    DAYS_DURATION,
    MONTHS_DURATION,
    NULL,
    NUMBER,
    NUMBER_CONTEXT,
    STRING,
    TIME,
    Formula,
    FormulaFaults,
    Type,
    Value,
    check,
    optional,
    parse_date,
    required,
)
from microflow_runtime.feel.emit.fold import NOT_CONSTANT, constant_of
from microflow_runtime.feel.types import join_all

SUBJECT: Final = "?"
_COMPARED: Final = frozenset({NUMBER, STRING, DATE, TIME, DATE_TIME, DAYS_DURATION, MONTHS_DURATION, ANY})


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a table sees, and where its faults go.

    `shift` is what the places of a cell's text are off against those of a formula. `facts_of` tells what is known of the
    values of a formula, `paths_of` which values of the flow it reads, None when nobody can tell.
    """

    scope: Mapping[str, Type]
    faults: FaultList
    shift: int
    facts_of: Callable[[Formula], Facts]
    paths_of: Callable[[Formula], Paths | None]


class _Cells:
    """The cells of one column, each text checked once. `tests` is None for a cell that is more than comparisons."""

    def __init__(self, kind: Type, around: Surroundings) -> None:
        self._kind = kind
        self._scope = {**around.scope, SUBJECT: kind}
        self._around = around
        self._known: dict[str, tuple[Formula, SimpleTests | None] | None] = {"-": (_ANYTHING, _ALWAYS)}

    def read(self, entry: Entry | None) -> tuple[Formula, SimpleTests | None] | None:
        """Give a cell's formula and what it asks; None after a fault, which is told at each place of the text."""
        text = "-" if entry is None else entry.text or "-"
        found = self._known.get(text)
        if found is None:
            assert entry is not None
            formula = check_tests(entry, self._scope, self._around)
            found = None if formula is None else (formula, simple_tests(formula.tree, self._kind))
            self._known[text] = found
        return found


def _anything() -> tuple[Formula, SimpleTests]:
    formula = check("-", {}, unary=True)
    tests = simple_tests(formula.tree, ANY)
    assert tests is not None
    return formula, tests


_ANYTHING, _ALWAYS = _anything()


def check_tests(entry: Entry, scope: Mapping[str, Type], around: Surroundings) -> Formula | None:
    """Check unary tests; None when they have faults, which are then told."""
    assert entry.text is not None
    try:
        return check(entry.text, scope, unary=True)
    except FormulaFaults as found:
        for fault in found.faults:
            span = (fault.start + around.shift, max(fault.end, fault.start + 1) + around.shift)
            is_word = fault.code == "MF-F002" and required(scope[SUBJECT]) is STRING and not fault.help
            around.faults.add(
                fault.code,
                fault.message,
                entry.path,
                span=span,
                expected=fault.expected,
                found=fault.found,
                help=f'a text stands in double quotes: "{fault.found}"' if is_word else fault.help,
                replacement=None if around.shift else fault.replacement,
                is_error=fault.is_error,
            )
        return None


def check_table(written: WrittenTable, around: Surroundings) -> CheckedTable | None:
    """Check a table; None when it has errors, which are then told."""
    before = len(around.faults.faults)
    outputs = [_check_output(output, around) for output in written.outputs]
    _check_policy(written, outputs, around.faults)
    inputs, cells = _check_inputs(written, around)
    entries = [
        tuple(
            _check_entry(entry, output, checked, number, around)
            for entry, output, checked in zip(rule.entries, written.outputs, outputs, strict=True)
        )
        for number, rule in enumerate(written.rules, 1)
    ]
    if any(fault.is_error for fault in around.faults.faults[before:]):
        return None
    given = [
        msgspec.structs.replace(output, given=_given(written, index, output, entries))
        for index, output in enumerate(outputs)
    ]
    rules = tuple(
        CheckedRule(
            tests=tuple(
                (index, column[at][0]) for index, column in enumerate(cells) if inputs[index].column.cells[at] is None
            ),
            entries=row,
        )
        for at, row in enumerate(entries)
    )
    return CheckedTable(
        hit=written.hit, aggregate=written.aggregate, inputs=tuple(inputs), outputs=tuple(given), rules=rules
    )


def _given(written: WrittenTable, index: int, output: CheckedOutput, rows: list[tuple[Computed | None, ...]]) -> Type:
    """Give the type of what a table gives to an output: as it is declared, in DMN as far as the rules may leave it open."""
    if written.aggregate == "count":
        return NUMBER
    if isinstance(output.missing, list):
        return required(output.type)
    if written.outputs[index].read is not None:
        return output.type
    kinds = [NULL if row[index] is None else row[index].type for row in rows]  # type: ignore[union-attr]
    kinds += [] if output.default is None else [output.default.type]
    kind = join_all(iter(kinds)) if output.type is ANY else required(output.type)
    return optional(kind) if any(each.optional for each in kinds) else kind


def _check_inputs(
    written: WrittenTable, around: Surroundings
) -> tuple[list[CheckedInput], list[list[tuple[Formula, SimpleTests | None]]]]:
    """Check the inputs and the cells under them; an input with a fault is left out, since there is no table then."""
    inputs, columns = [], []
    for index, given in enumerate(written.inputs):
        expected = optional(given.type) if given.type is not ANY else None
        text = given.expression.text
        assert text is not None
        expression = check_formula(text, around.scope, given.expression.path, around.faults, expected=expected)
        if expression is None or expression.formula is None:
            continue
        kind = expression.type
        adopt = given.adopt if given.narrows or kind is ANY else None
        if kind is ANY and adopt is not None:
            kind = optional(given.type)
        cells = _Cells(kind, around)
        read = [cells.read(rule.tests[index]) for rule in written.rules]
        allowed, allowed_tests, is_good = _check_allowed(given, kind, around)
        found = [cell for cell in read if cell is not None]
        if len(found) < len(read) or not is_good:
            continue
        facts = around.facts_of(expression.formula)
        if given.whole and required(kind) is NUMBER:
            facts = msgspec.structs.replace(facts, whole=True)
        column = column_of(given.label, kind, [tests for _, tests in found], facts, allowed_tests)
        inputs.append(CheckedInput(given.label, expression, adopt, column, allowed if allowed_tests is None else None))
        columns.append(found)
    return inputs, columns


def _check_allowed(
    given: WrittenInput, kind: Type, around: Surroundings
) -> tuple[Formula | None, SimpleTests | None, bool]:
    """Check the allowed values of an input; give them as a formula, as simple tests, and whether they are good."""
    if given.allowed is None:
        return None, None, True
    if isinstance(given.allowed, Entry):
        formula = check_tests(given.allowed, {**around.scope, SUBJECT: kind}, around)
        tests = simple_tests(formula.tree, kind) if formula is not None else None
        return formula, tests, formula is not None
    values = simple_values(given.allowed, kind)
    if values is None:
        message = f"The allowed values of {given.label} are no list of values of its type, {required(kind)}."
        around.faults.add("MF-D151", message, (*given.path, "allowed"), help="write tests, as '[0..100]'")
        return None, None, False
    return None, one_of(values), True


def simple_values(written: tuple[Value, ...], kind: Type) -> tuple[Value, ...] | None:
    """Give literals as values of a type that tests look into; None when one is none."""
    plain = required(kind)
    wanted = CLASSES.get(plain)
    found: list[Value] = []
    for value in written:
        if plain is DATE and isinstance(value, str):
            try:
                found.append(parse_date(value))
            except ValueError:
                return None
        elif wanted is None or type(value) is not wanted:
            return None
        else:
            found.append(value)
    return tuple(found)


def _check_output(output: WrittenOutput, around: Surroundings) -> CheckedOutput:
    ranks, allowed = None, None
    if isinstance(output.allowed, Entry):
        allowed = check_tests(output.allowed, {**around.scope, SUBJECT: output.type}, around)
        values = listed_values(allowed.tree) if allowed is not None else None
        if values is not None:
            ranks, allowed = {value: rank for rank, value in reversed([*enumerate(values)])}, None
    elif output.allowed is not None:
        ranks = {value: rank for rank, value in enumerate(output.allowed)}
    checked = CheckedOutput(
        output.name, output.type, output.adopt, output.is_needed, output.missing, ranks, allowed, None, output.type
    )
    default = _check_value(output.default, output, checked, around) if output.default is not None else None
    return msgspec.structs.replace(checked, default=default)


def _check_entry(
    entry: Entry | None, output: WrittenOutput, checked: CheckedOutput, number: int, around: Surroundings
) -> Computed | None:
    if entry is not None:
        return _check_value(entry, output, checked, around)
    if not output.type.optional:
        message = f'Rule {number} gives no value to "{output.name}".'
        around.faults.add("MF-D153", message, output.path, at_key=True, help="or let the output be missing, by `?`")
    return None


def _check_value(entry: Entry, output: WrittenOutput, checked: CheckedOutput, around: Surroundings) -> Computed | None:
    """Check what is given to an output, a formula or a literal."""
    if entry.text is None:
        assert output.read is not None
        computed = output.read(entry, around.faults)
    else:
        expected = None if output.type is ANY else output.type
        computed = check_formula(entry.text, around.scope, entry.path, around.faults, expected=expected)
        if computed is not None and output.read is None:
            computed = _folded(computed)
    if computed is not None and computed.formula is None and checked.ranks is not None:
        value = computed.literal
        if value is not None and (isinstance(value, list | dict) or value not in checked.ranks):
            message = f'This is none of the allowed values of "{output.name}".'
            around.faults.add("MF-D154", message, entry.path)
    return computed


def _folded(computed: Computed) -> Computed:
    """Give a formula that is a constant as that constant."""
    assert computed.formula is not None
    with localcontext(NUMBER_CONTEXT):
        value = constant_of(computed.formula.tree)
    return computed if value is NOT_CONSTANT else Computed(computed.type, None, value)


def _check_policy(written: WrittenTable, outputs: list[CheckedOutput], faults: FaultList) -> None:
    """Check that the hit policy has what it needs."""
    if written.hit in {"priority", "output order"} and all(output.ranks is None for output in outputs):
        message = f"The hit policy {written.hit} needs an output with a list of allowed values, the best first."
        faults.add("MF-D155", message, written.hit_path, help="add `allowed: […]` to an output")
    if written.aggregate is None:
        return
    kind = required(outputs[0].type)
    if len(outputs) > 1:
        faults.add("MF-D155", f"To collect the {written.aggregate}, a table has one output.", written.hit_path)
    elif (written.aggregate == "sum" and kind not in {NUMBER, ANY}) or (
        written.aggregate in {"min", "max"} and kind not in _COMPARED
    ):
        message = f"The {written.aggregate} cannot be made of {kind}."
        faults.add("MF-D155", message, written.hit_path)
