"""The statement of a node: checked as text, told to the database where it is asked, and given to the driver."""

import re
from collections.abc import Mapping
from typing import Final

from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.compiler.sql_text import SqlText, read_sql
from microflow_runtime.compiler.statements import StatementAnswer, WantedStatement
from microflow_runtime.engine.sql import SPECIAL_VALUES, SqlStatement
from microflow_runtime.feel import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    NUMBER,
    TIME,
    ContextType,
    FieldNames,
    ListType,
    Type,
    required,
)
from microflow_runtime.nodes.database.parameters import may_be_list
from microflow_runtime.nodes.database.settings import DatabaseSettings

_STATEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "select": ("select", "with", "values"),
    "insert": ("insert", "with", "replace"),
    "update": ("update", "with"),
    "delete": ("delete", "with"),
    "merge": ("merge", "with"),
    "call": ("call",),
}
"""The first words of what each command may run."""
_FIRST_WORD: Final = re.compile(r"(?:\s|--[^\n]*(?:\n|$)|/\*(?s:.*?)\*/)*(\w*)")
_TYPED: Final = (NUMBER, BOOLEAN, DATE, TIME, DATE_TIME)
"""Types whose values a driver binds as of that type, so that a null in their place is of that type, too."""


def check_statement(context: NodeContext, settings: DatabaseSettings) -> SqlText:
    """Check data source and statement."""
    sources = context.library.app.data_sources
    if settings.source not in sources:
        message = f'The application has no data source "{settings.source}".'
        context.fault("MF-D076", message, "source", help=did_you_mean(settings.source, sources))
    context.sources.add(settings.source)
    sql = read_sql(settings.sql)
    _check_sql(context, settings, sql)
    return sql


def _check_sql(context: NodeContext, settings: DatabaseSettings, sql: SqlText) -> None:
    if formula_of(settings.sql) is not None:
        context.fault(
            "MF-D077", "The SQL text is constant; values come in by `:name`.", "sql", help="write the SQL without `=`"
        )
        return
    word = _FIRST_WORD.match(settings.sql)
    first = word[1].lower() if word else ""
    if first not in _STATEMENTS[settings.command]:
        message = f'The command is {settings.command} and the statement begins with "{first}".'
        context.fault("MF-D078", message, "sql", help=f"begin it with {', '.join(_STATEMENTS[settings.command])}")
    if not sql.is_one:
        context.fault("MF-D132", "A node runs one statement.", "sql", help="use a node for each")


def ask_database(context: NodeContext, settings: DatabaseSettings, kinds: Mapping[str, Type]) -> StatementAnswer | None:
    """Give what the database says of the statement, where it is asked; what it refuses is a fault."""
    app, statements = context.library.app, context.library.statements
    if statements is None or settings.source not in app.data_sources or formula_of(settings.sql) is not None:
        return None
    words = {name: required(kind).word for name, kind in kinds.items()}
    told = statements.answer(WantedStatement(app, settings.source, settings.sql, words))
    if told is not None and told.refusal:
        context.fault("MF-D136", f"The database refuses the statement: {told.refusal}", "sql")
        return None
    return told


def statement_of(
    settings: DatabaseSettings, sql: SqlText, names: FieldNames, kinds: Mapping[str, Type]
) -> SqlStatement:
    """Give the statement of the node. `kinds` are the types of its parameters, as far as they are known.

    A list of contexts or of lists is kept as JSON everywhere, an empty one too.
    """
    special = {column: written.removesuffix("?") for column, written in settings.columns.items()}
    as_json = {name: "json" for name, kind in kinds.items() if _is_list_of_many(kind)}
    return SqlStatement(
        text=settings.sql,
        reads=settings.command == "select",
        parameters={**as_json, **settings.parameters},
        columns={column: kind for column, kind in special.items() if kind in SPECIAL_VALUES},
        read=frozenset(names.read),
        taken=frozenset(names.taken | set(settings.columns)),
        nulls={
            name: required(kind).word
            for name, kind in kinds.items()
            if kind.optional and required(kind) in _TYPED and name not in settings.parameters
        },
        lists=frozenset(name for name in sql.names if may_be_list(kinds.get(name, ANY))),
    )


def _is_list_of_many(kind: Type) -> bool:
    return isinstance(kind, ListType) and isinstance(kind.item, ContextType | ListType)
