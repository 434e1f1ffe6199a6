"""What a table gives to the mapping behind it: under which names, of which types, from where in the frame."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from microflow_runtime.compiler.decisions import SUBJECT, CheckedTable
from microflow_runtime.compiler.mapping import Assignment
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.feel import NUMBER, ContextType, ListType, Type
from microflow_runtime.nodes.decision.deciding import Decided

Give = Callable[[Frame, Decided], None]


def never() -> Action:
    """Stand where a node that has faults would be built."""
    raise AssertionError("a node with faults is not built")


def names_read(table: CheckedTable) -> set[str]:
    """Give the names that the formulas of a table read."""
    computed = [each.expression for each in table.inputs]
    computed += [entry for rule in table.rules for entry in rule.entries if entry is not None]
    computed += [output.default for output in table.outputs if output.default is not None]
    names = {name for each in computed for name in each.names}
    names |= {name for rule in table.rules for _, formula in rule.tests for name in formula.names}
    names |= {name for each in table.inputs if each.allowed is not None for name in each.allowed.names}
    return names - {SUBJECT}


def given_by(table: CheckedTable) -> dict[str, Type]:
    """Give the types of what a table gives, by name."""
    return given_types({output.name: output.given for output in table.outputs}, gives_list=table.gives_list)


def given_types(kinds: Mapping[str, Type], *, gives_list: bool) -> dict[str, Type]:
    """Give the types of what a table with these outputs gives, by name."""
    whole, numbers = ContextType("", tuple(kinds.items())), ListType(NUMBER)
    if gives_list:
        return {"results": ListType(whole), "rules": numbers}
    return {**kinds, "result": whole, "rules": numbers}


def used_slots(context: NodeContext, outputs: list[Assignment], given: Iterable[str]) -> dict[str, int]:
    """Give the places of what the mapping behind a node reads; the rest need not be put anywhere."""
    read = {name for each in outputs for name in each.value.names}
    return {name: context.given_slot(name) for name in given if name in read}


def giver(table: CheckedTable, slots: Mapping[str, int]) -> Give:
    """Make the function that puts what a table gives into its places, where it has one."""
    names = tuple(output.name for output in table.outputs)
    rules_slot = slots.get("rules", -1)
    if table.gives_list:
        list_slot = slots.get("results", -1)

        def give_list(frame: Frame, decided: Decided) -> None:
            if rules_slot >= 0:
                frame[rules_slot] = [Decimal(number) for number in decided.rules]
            if list_slot >= 0:
                frame[list_slot] = [dict(zip(names, row, strict=True)) for row in decided.rows]

        return give_list
    places = tuple((index, slots[name]) for index, name in enumerate(names) if name in slots)
    whole_slot = slots.get("result", -1)

    def give(frame: Frame, decided: Decided) -> None:
        if rules_slot >= 0:
            frame[rules_slot] = [Decimal(number) for number in decided.rules]
        row = decided.rows[0]
        for index, slot in places:
            frame[slot] = row[index]
        if whole_slot >= 0:
            frame[whole_slot] = dict(zip(names, row, strict=True))

    return give
