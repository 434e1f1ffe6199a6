"""Reads a table that is written in the node: what stands where, and that its form is right."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from microflow_runtime.compiler.business_objects import shape_of
from microflow_runtime.compiler.decisions import (
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_RULES,
    Entry,
    WrittenInput,
    WrittenOutput,
    WrittenRule,
    WrittenTable,
    simple_values,
)
from microflow_runtime.compiler.exact import NARROWER
from microflow_runtime.compiler.faults import FaultList, Path, did_you_mean
from microflow_runtime.compiler.formulas import Computed, check_literal, literal_of
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.feel import format_number, optional
from microflow_runtime.model.type_ref import TypeRef
from microflow_runtime.nodes.decision.settings import DecisionSettings

GIVEN: Final = ("result", "results", "rules", "?")
"""What a node gives beside its outputs, whose names these cannot be."""


def read_table(context: NodeContext) -> WrittenTable | None:
    """Read the table of a node; None when its form is wrong, which is then told."""
    settings: DecisionSettings = context.settings
    before = len(context.faults.faults)
    inputs = _each(settings.inputs, lambda name, value: _input(context, name, value))
    outputs = _each(settings.outputs, lambda name, value: _output(context, name, value))
    rules = settings.rules or []
    for key, count, most in (
        ("inputs", len(inputs), MOST_COLUMNS),
        ("outputs", len(outputs), MOST_COLUMNS),
        ("rules", len(rules), MOST_RULES),
    ):
        if not 1 <= count <= most:
            context.fault("MF-D150", f"A table has 1 to {most:,} {key}; this one has {count:,}.", key, at_key=True)
    if len(rules) * (len(inputs) + len(outputs)) > MOST_CELLS:
        context.fault("MF-D150", f"A table has at most {MOST_CELLS:,} cells.", "rules", at_key=True)
    if settings.aggregate is not None and settings.hit != "collect":
        message = f"`aggregate` belongs to the hit policy collect, not to {settings.hit}."
        context.fault("MF-D150", message, "aggregate", at_key=True)
    if len(context.faults.faults) > before:
        return None
    read = [_rule(context, index, rule, list(inputs), list(outputs)) for index, rule in enumerate(rules)]
    good = [rule for rule in read if rule is not None]
    if len(good) < len(read) or None in inputs.values() or None in outputs.values():
        return None
    return WrittenTable(
        path=(*context.path, "rules"),
        hit_path=(*context.path, "hit"),
        hit=settings.hit,
        aggregate=settings.aggregate,
        inputs=tuple(each for each in inputs.values() if each is not None),
        outputs=tuple(each for each in outputs.values() if each is not None),
        rules=tuple(good),
    )


def _each(given: Mapping[str, Any] | None, read: Callable[[str, Any], Any]) -> dict[str, Any]:
    return {name: read(name, value) for name, value in (given or {}).items()}


def _keys(context: NodeContext, written: Mapping[str, Any], known: tuple[str, ...], *here: str | int) -> bool:
    """Check that a mapping has no other keys."""
    wrong = [key for key in written if key not in known]
    for key in wrong:
        near = did_you_mean(key, known) or f"its keys are {', '.join(known)}"
        context.fault("MF-D151", f'There is no "{key}" here.', *here, key, at_key=True, help=near)
    return not wrong


def _input(context: NodeContext, label: str, written: Any) -> WrittenInput | None:
    here = ("inputs", label)
    given = written if isinstance(written, dict) else {"value": written}
    where = (*here, "value") if isinstance(written, dict) else here
    if not _keys(context, given, ("value", "type", "allowed"), *here):
        return None
    text = formula_of(given.get("value"))
    if text is None:
        context.fault("MF-D151", f'The input "{label}" is a formula.', *where, help="begin it with `=`")
        return None
    ref = None
    if given.get("type") is not None:
        ref = context.declared_type(given["type"], *here, "type")
        if ref is None:
            return None
        if ref.is_list or not ref.is_simple:
            context.fault("MF-D151", "The type of an input is a simple one, as `integer`.", *here, "type")
            return None
    allowed = given.get("allowed")
    if allowed is not None and not isinstance(allowed, str | list):
        context.fault("MF-D151", "`allowed` is a list of values, or tests as '[0..100]'.", *here, "allowed")
        return None
    path = (*context.path, *here)
    entry = Entry((*path, "allowed"), allowed) if isinstance(allowed, str) else None
    simple = WrittenInput(
        path=path,
        label=label,
        expression=Entry((*context.path, *where), text),
        allowed=entry or (tuple(literal_of(allowed).literal) if allowed is not None else None),
    )
    if ref is None:
        return simple
    return WrittenInput(
        path=path,
        label=label,
        expression=simple.expression,
        allowed=simple.allowed,
        type=context.types.of(ref),
        whole=ref.name == "integer",
        narrows=ref.name in NARROWER,
        adopt=shape_of(TypeRef(ref.name), context.classes).adopt,
    )


def _output(context: NodeContext, name: str, written: Any) -> WrittenOutput | None:
    here = ("outputs", name)
    given = written if isinstance(written, dict) else {"type": written}
    where = (*here, "type") if isinstance(written, dict) else here
    if not _keys(context, given, ("type", "allowed", "default"), *here):
        return None
    if name in GIVEN or "." in name:
        context.fault("MF-D152", f'An output cannot be called "{name}".', *here, at_key=True)
        return None
    ref = context.declared_type(given.get("type"), *where)
    if ref is None:
        return None
    kind = context.types.of(ref)
    path = (*context.path, *here)
    allowed = None
    if given.get("allowed") is not None:
        listed = given["allowed"]
        allowed = (
            simple_values(tuple(literal_of(listed).literal), kind) if isinstance(listed, list) and listed else None
        )
        if allowed is None or ref.is_list:
            message = f'The allowed values of "{name}" are no list of values of its type.'
            context.fault("MF-D152", message, *here, "allowed")
            return None
    shape = shape_of(ref, context.classes)

    def read(entry: Entry, faults: FaultList) -> Computed | None:
        if entry.value is None and not (ref.is_optional or ref.is_list):
            faults.add("MF-D153", f'"{name}" needs a value.', entry.path, help="or let the output be missing, by `?`")
            return None
        return check_literal(entry.value, shape, entry.path, faults)

    return WrittenOutput(
        path=path,
        name=name,
        type=optional(kind) if ref.is_list else kind,
        is_needed=not (ref.is_optional or ref.is_list),
        missing=[] if ref.is_list else None,
        adopt=shape.adopt,
        read=read,
        allowed=allowed,
        default=_given((*path, "default"), given["default"]) if "default" in given else None,
    )


def _rule(
    context: NodeContext, index: int, written: dict[str, Any], inputs: list[str], outputs: list[str]
) -> WrittenRule | None:
    here = ("rules", index)
    if not _keys(context, written, ("when", "then", "note"), *here):
        return None
    tests = _row(context, written.get("when"), inputs, "input", *here, "when")
    entries = _row(context, written.get("then"), outputs, "output", *here, "then")
    if tests is None or entries is None:
        return None
    cells = [None if each is None else _cell(context, *each) for each in tests]
    if len([cell for cell in cells if cell is not None]) < len([each for each in tests if each is not None]):
        return None
    given = tuple(None if each is None else _given(*each) for each in entries)
    return WrittenRule((*context.path, *here), tuple(cells), given)


def _row(
    context: NodeContext, written: Any, names: list[str], what: str, *here: str | int
) -> list[tuple[Path, Any] | None] | None:
    """Give what stands under each name, with its place; None after a fault."""
    path = (*context.path, *here)
    if isinstance(written, dict):
        wrong = [name for name in written if name not in names]
        for name in wrong:
            help_text = did_you_mean(name, names) or f"the {what}s are {', '.join(names)}"
            context.fault("MF-D153", f'The table has no {what} "{name}".', *here, name, at_key=True, help=help_text)
        return None if wrong else [((*path, name), written[name]) if name in written else None for name in names]
    if written is None:
        return [None for _ in names]
    if not isinstance(written, list):
        if len(names) == 1:
            return [(path, written)]
        context.fault("MF-D153", f"A rule has a value for each {what}: by name, or as a list.", *here)
        return None
    if len(written) != len(names):
        message = f"The rule has {len(written)} values for {len(names)} {what}{'s' if len(names) > 1 else ''}."
        context.fault("MF-D153", message, *here, help=f"the {what}s are {', '.join(names)}")
        return None
    return [((*path, index), value) for index, value in enumerate(written)]


def _cell(context: NodeContext, path: Path, value: Any) -> Entry | None:
    """Read a cell of tests: their text, or a number or truth value to be equal to."""
    if isinstance(value, str):
        return Entry(path, value)
    if isinstance(value, bool):
        return Entry(path, "true" if value else "false")
    if isinstance(value, int | Decimal):
        return Entry(path, format_number(Decimal(value)))
    help_text = "put it in quotes, as '[1..5]'" if isinstance(value, list) else 'write "-" for anything'
    context.faults.add("MF-D153", "A cell is a text of unary tests, a number, true or false.", path, help=help_text)
    return None


def _given(path: Path, value: Any) -> Entry:
    """Read what is given to an output: a formula, or a literal."""
    return Entry(path, formula_of(value), value)
