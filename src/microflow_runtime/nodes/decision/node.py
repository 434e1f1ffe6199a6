"""`decision`: a decision table with the hit policies of DMN, written in the node or taken from a DMN file of the app.

Its output mapping sees each output by its name and all of them as `result`, or, where the outputs of several rules are
given, the list `results`; and `rules`, the numbers of the rules that held. That no rule holds is an error of kind
`decision.none`, that two hold which must not `decision.overlap`; a value that is not allowed is `decision.input` or
`decision.output`. The vendor has no such node.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from microflow_runtime.compiler.decisions import (
    SUBJECT,
    Surroundings,
    check_table,
    facts_of,
    gives_list,
    tell_findings,
)
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.feel import origin_of
from microflow_runtime.nodes.decision.deciding import BoundTable
from microflow_runtime.nodes.decision.giving import given_by, given_types, giver, names_read, never, used_slots
from microflow_runtime.nodes.decision.imported import prepare_imported
from microflow_runtime.nodes.decision.settings import TABLE_KEYS, DecisionSettings
from microflow_runtime.nodes.decision.written import read_table

Build = Callable[[], Action]


class DecisionNode:
    """Decides by the rules of a table."""

    name: ClassVar[str] = "decision"
    settings: ClassVar[type[msgspec.Struct]] = DecisionSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = False

    def prepare(self, context: NodeContext) -> Build:
        """Check the table, and what is to be found out about it without running it."""
        settings: DecisionSettings = context.settings
        written = [key for key in TABLE_KEYS if getattr(settings, key) is not None]
        if settings.file or settings.decision:
            if written or settings.aggregate or not settings.file or not settings.decision:
                help_text = "a file and a decision in it, or `inputs`, `outputs` and `rules`"
                context.fault("MF-D150", "A decision is a table or comes from a file.", help=help_text)
                return never
            return prepare_imported(context)
        missing = [key for key in TABLE_KEYS if key not in written]
        if missing:
            message = f"The table has no {' and no '.join(missing)}."
            context.fault("MF-D150", message, help="a table has `inputs`, `outputs` and `rules`")
            return never
        return _prepare_table(context)


def _prepare_table(context: NodeContext) -> Build:
    if context.node.inputs:
        help_text = "its formulas see every variable"
        context.fault("MF-D070", "A decision table takes no `in`.", "in", at_key=True, help=help_text)
    written = read_table(context)
    around = Surroundings(
        scope=context.scope,
        faults=context.faults,
        shift=-1,
        facts_of=lambda formula: facts_of(formula, context.scope, context.library.business_objects),
        paths_of=lambda formula: origin_of(formula).paths,
    )
    table = check_table(written, around) if written is not None else None
    if written is None:
        return never
    if table is None:
        kinds = {each.name: each.type for each in written.outputs}
        context.outputs(given_types(kinds, gives_list=gives_list(written.hit, written.aggregate)))
        return never
    tell_findings(table, written, around)
    context.reads.update(names_read(table))
    given = given_by(table)
    outputs = context.outputs(given)
    subject = context.layout.slot(f"={SUBJECT}")

    def build() -> Action:
        bound = BoundTable(table, {**context.layout.slots, SUBJECT: subject})
        assign = context.bind_outputs(outputs, given)
        give = giver(table, used_slots(context, outputs, given))

        def run(frame: Frame, _run: Any) -> int:
            give(frame, bound.decide(frame))
            if assign is not None:
                assign(frame)
            return 0

        return Action(run)

    return build
