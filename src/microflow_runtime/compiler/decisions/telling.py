"""Tells what the analysis of a table found, each at its rule."""

from collections.abc import Sequence
from typing import Final

from microflow_runtime.compiler.decisions.analysis import Findings, analyse
from microflow_runtime.compiler.decisions.checking import Surroundings
from microflow_runtime.compiler.decisions.facts import Paths, are_independent
from microflow_runtime.compiler.decisions.grid import Column, Point
from microflow_runtime.compiler.decisions.overlaps import common_point
from microflow_runtime.compiler.decisions.table import CheckedTable, WrittenTable
from microflow_runtime.compiler.faults import FaultList

_MOST_TOLD: Final = 5


def tell_findings(table: CheckedTable, written: WrittenTable, around: Surroundings) -> None:
    """Analyse a table by its hit policy and tell what is found.

    Two rules of `unique` that take the same inputs are an error, as are two of `any` that then give other outputs; the
    rest are warnings. Where inputs depend on each other nobody knows whether those of an example come together.
    """
    columns = [each.column for each in table.inputs]
    overlaps = _always if table.hit == "unique" else _Differ(table) if table.hit == "any" else None
    findings = analyse(
        columns,
        len(table.rules),
        overlaps=overlaps,
        gap=may_fail_without_rule(table) and all(each.allowed is None for each in table.inputs),
        in_turn=table.hit == "first",
    )
    paths = [around.paths_of(each.expression.formula) for each in table.inputs if each.expression.formula is not None]
    known: list[Paths] = [each for each in paths if each is not None]
    is_free = len(known) == len(paths) and are_independent(known)
    _tell_overlaps(findings, columns, table, written, around.faults, is_free=is_free)
    _tell_gap(findings, columns, written, around.faults, is_free=is_free)
    for rules, sentence in (
        (findings.empty, "Rule {} never holds: its tests take nothing."),
        (findings.shadowed, "Rule {} is never taken: the rules before it take all that it does."),
    ):
        for rule in rules:
            _warn(
                around.faults, "MF-D158", sentence.format(rule + 1), written, rule, "take it out, or change its tests"
            )
    if findings.given_up:
        message = f"The table is too large to find out {' and '.join(findings.given_up)}."
        around.faults.add("MF-D159", message, written.path, at_key=True, is_error=False)


def may_fail_without_rule(table: CheckedTable) -> bool:
    """Tell whether it is an error when no rule holds: there is no list to be empty, and an output lacks a stand-in."""
    if table.gives_list or table.aggregate == "count":
        return False
    return any(output.is_needed and output.default is None for output in table.outputs)


def _always(_first: int, _second: int) -> bool:
    return True


class _Differ:
    """Tells whether two rules surely give different outputs: constants that are not equal."""

    def __init__(self, table: CheckedTable) -> None:
        self._rules = table.rules

    def __call__(self, first: int, second: int) -> bool:
        pairs = zip(self._rules[first].entries, self._rules[second].entries, strict=True)
        return any(
            (one is None or one.formula is None)
            and (other is None or other.formula is None)
            and (one and one.literal) != (other and other.literal)
            for one, other in pairs
        )


def described(columns: Sequence[Column], point: Point) -> str:
    """Write a point as `customer = "gold", amount = 5`."""
    words = []
    for column, piece in zip(columns, point, strict=True):
        told = column.axis.words(piece, column.facts)
        words.append(f"{column.label} {'=' if told[:1] in _VALUE_STARTS else 'is'} {told}")
    return ", ".join(words)


_VALUE_STARTS: Final = frozenset('"-0123456789tf')


def _tell_overlaps(
    findings: Findings,
    columns: Sequence[Column],
    table: CheckedTable,
    written: WrittenTable,
    faults: FaultList,
    *,
    is_free: bool,
) -> None:
    tail = " and give different outputs" if table.hit == "any" else ""
    for first, second in findings.overlaps[:_MOST_TOLD]:
        example = described(columns, common_point(columns, first, second))
        verb = "take" if is_free else "may take"
        faults.add(
            "MF-D156",
            f"Rules {first + 1} and {second + 1} {verb} the same inputs{tail}: {example}.",
            written.rules[second].path,
            at_key=True,
            help="let their tests exclude each other, or choose another hit policy"
            if is_free
            else "its inputs depend on each other, so it is not known whether these come together",
            is_error=is_free,
        )
    more = len(findings.overlaps) - _MOST_TOLD
    if more > 0:
        count = f"{more} or more" if not findings.knows_overlaps else more
        faults.add("MF-D156", f"So do {count} other pairs of rules.", written.path, at_key=True, is_error=is_free)


def _tell_gap(
    findings: Findings, columns: Sequence[Column], written: WrittenTable, faults: FaultList, *, is_free: bool
) -> None:
    if findings.gap is None:
        return
    verb = "takes" if is_free else "takes, if they can come together,"
    message = f"No rule {verb} {described(columns, findings.gap)}."
    help_text = "add a rule, or give the outputs a default"
    faults.add("MF-D157", message, written.path, at_key=True, help=help_text, is_error=False)


def _warn(faults: FaultList, code: str, message: str, written: WrittenTable, rule: int, help_text: str) -> None:
    faults.add(code, message, written.rules[rule].path, at_key=True, help=help_text, is_error=False)
