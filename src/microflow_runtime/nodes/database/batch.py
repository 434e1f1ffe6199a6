"""The items of a batch: their formula, and the values that each gives to the statement."""

from collections.abc import Callable
from typing import Any, Final

from microflow_runtime.compiler.business_objects.misfit import describe
from microflow_runtime.compiler.formulas import Computed, Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.compiler.sql_text import SqlText
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import (
    ANY,
    ContextType,
    ListType,
    Type,
)
from microflow_runtime.nodes.database.settings import DatabaseSettings

_ITEM: Final = "item"
"""The parameter that stands for an item which is no context."""


def check_batch(context: NodeContext, settings: DatabaseSettings) -> tuple[Computed | None, Type | None]:
    """Check the formula of a batch; give it and the type of an item, None when there is no batch."""
    if settings.batch is None:
        return None, None
    if settings.command == "select":
        context.fault("MF-D130", "A select takes no batch.", "batch", at_key=True, help="loop over the list instead")
    text = formula_of(settings.batch)
    if text is None:
        context.fault("MF-D131", "A batch is a formula that gives a list.", "batch", help="write `batch: = …`")
        return None, ANY
    computed = context.formula(text, "batch")
    kind = computed.type if computed is not None else ANY
    if isinstance(kind, ListType):
        return computed, kind.item
    if kind != ANY:
        context.fault("MF-D131", f"A batch is a formula that gives a list; this gives {kind}.", "batch")
    return computed, ANY


def fields_of(item: Type | None) -> tuple[str, ...] | None:
    """Give the names that an item of a batch has values for; None when nobody knows yet."""
    if item is None:
        return ()
    if item == ANY:
        return None
    if isinstance(item, ContextType):
        return None if item.open else tuple(item.index)
    return (_ITEM,)


def kinds_of_item(item: Type | None, sql: SqlText) -> dict[str, Type]:
    """Give the types of the parameters that come from an item of a batch, as far as they are known."""
    if isinstance(item, ContextType):
        return {name: item.index[name] for name in sql.names if name in item.index}
    return {} if item is None else {_ITEM: item}


def items_reader(
    evaluate_list: Evaluate, shared: list[tuple[str, Evaluate]], names: tuple[str, ...]
) -> Callable[[Frame], list[dict[str, Any]]]:
    """Make what gives the values of each item: what `in` gives is the same for all, the rest are the item's fields."""
    own = tuple(name for name in names if name not in {name for name, _ in shared})

    def read(frame: Frame) -> list[dict[str, Any]]:
        items = evaluate_list(frame)
        if not isinstance(items, list):
            raise NodeError(f"a batch takes a list, not {describe(items)}.", kind="mapping")
        same = {name: evaluate(frame) for name, evaluate in shared}
        return [{**same, **_values_of(item, own, index)} for index, item in enumerate(items)]

    return read


def _values_of(item: Any, own: tuple[str, ...], index: int) -> dict[str, Any]:
    if isinstance(item, dict):
        for name in own:
            if name not in item:
                raise NodeError(f'item {index} of the batch has no field "{name}".', kind="mapping")
        return {name: item[name] for name in own}
    for name in own:
        if name != _ITEM:
            raise NodeError(
                f'item {index} of the batch is {describe(item)}, which has no field "{name}".', kind="mapping"
            )
    return dict.fromkeys(own, item)
