"""The parameters of a statement: each has a value, and none is a list where SQL takes one value."""

from collections.abc import Mapping
from typing import Any, Final

from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.formulas import Computed, Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.compiler.sql_text import SqlText, names_in_lists
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import (
    ANY,
    NULL,
    ListType,
    Type,
    required,
)
from microflow_runtime.nodes.database.batch import fields_of
from microflow_runtime.nodes.database.settings import DatabaseSettings

_LIST_HELP: Final[Mapping[str, str]] = {
    "postgresql": "write `= any(:{0})`, or `<> all(:{0})` for `not in`",
    "sqlite": "write `in (select value from json_each(:{0}))`",
    "mariadb": "write `in (select v from json_table(:{0}, '$[*]' columns (v text path '$')) as t)`",
}


def check_parameters(context: NodeContext, settings: DatabaseSettings, sql: SqlText, item: Type | None) -> None:
    """Check that each parameter of the statement has a value, and that each value has a parameter."""
    if formula_of(settings.sql) is not None:
        return
    given = context.node.inputs
    fields = fields_of(item)
    for name in sql.names:
        if name in given or fields is None or name in fields:
            continue
        where = f"add `in: {{{name}: = …}}`"
        if item is not None:
            where = did_you_mean(name, fields) or f"give the items a field {name}, or {where}"
        context.fault("MF-D079", f"The SQL parameter `:{name}` has no value.", "sql", help=where)
    for key, names in (("in", given), ("parameters", settings.parameters)):
        for name in names:
            if name not in sql.names:
                message = f"The statement has no parameter `:{name}`."
                context.fault("MF-D065", message, key, name, at_key=True, help=did_you_mean(name, sql.names))


def check_lists(context: NodeContext, settings: DatabaseSettings, sql: SqlText, inputs: Mapping[str, Computed]) -> None:
    """Refuse a list where SQL takes one value, which would mean nothing or something else."""
    for name in sorted(names_in_lists(sql)):
        if name in inputs and isinstance(required(inputs[name].type), ListType):
            source = context.library.app.data_sources.get(settings.source)
            kind = source.url.partition(":")[0] if source is not None else ""
            message = f"`in (:{name})` takes single values, and `:{name}` is a list."
            context.fault("MF-D134", message, "sql", help=_LIST_HELP.get(kind, _LIST_HELP["postgresql"]).format(name))


def bind_parameters(context: NodeContext, sql: SqlText, inputs: Mapping[str, Computed]) -> list[tuple[str, Evaluate]]:
    """Bind what `in` gives; a value that may be a list and must not is looked at when it is there."""
    single = names_in_lists(sql)
    return [
        (name, _no_list(name, evaluate) if name in single and may_be_list(computed.type) else evaluate)
        for name, computed in inputs.items()
        for evaluate in (context.bind(computed),)
    ]


def _no_list(name: str, evaluate: Evaluate) -> Evaluate:
    def compute(frame: Frame) -> Any:
        value = evaluate(frame)
        if isinstance(value, list):
            raise NodeError(f"`in (:{name})` takes single values, not a list.", kind="database")
        return value

    return compute


def may_be_list(kind: Type) -> bool:
    """Tell whether a value of the type may turn out to be a list."""
    return kind in {ANY, NULL} or isinstance(kind, ListType)
