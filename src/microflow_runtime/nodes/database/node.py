"""`database`: one SQL statement on a named data source, with bound parameters only.

All database nodes of an execution share one transaction per data source. Its output mapping sees `rows` (each a context
by column name), `row` (the first, or null) and `count` (rows returned or touched); that of a batch, `count` alone. Errors
are of the kinds `database…` and `permission`.
Source: ONEWEB, Database Task (command types, JNDI name); the placeholder syntax and the batch are ours.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from microflow_runtime.compiler.formulas import Computed
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Assign, Frame
from microflow_runtime.compiler.sql_text import SqlText
from microflow_runtime.compiler.statements import StatementAnswer
from microflow_runtime.engine.contract import Stream
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.sql import SqlStatement
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import (
    NUMBER,
    FieldNames,
    ListType,
    Type,
    optional,
)
from microflow_runtime.model.app import App
from microflow_runtime.nodes.database.batch import check_batch, items_reader, kinds_of_item
from microflow_runtime.nodes.database.columns import check_columns, column_reader, read_columns, row_type
from microflow_runtime.nodes.database.parameters import bind_parameters, check_lists, check_parameters
from microflow_runtime.nodes.database.settings import DatabaseSettings
from microflow_runtime.nodes.database.statement import ask_database, check_statement, statement_of


class DatabaseNode:
    """Runs the statement."""

    name: ClassVar[str] = "database"
    settings: ClassVar[type[msgspec.Struct]] = DatabaseSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check source, statement, parameters and mapping."""
        settings: DatabaseSettings = context.settings
        batch, item = check_batch(context, settings)
        sql = check_statement(context, settings)
        check_parameters(context, settings, sql, item)
        inputs = context.inputs()
        check_lists(context, settings, sql, inputs)
        names = FieldNames()
        kinds = {**kinds_of_item(item, sql), **{name: computed.type for name, computed in inputs.items()}}
        told = ask_database(context, settings, kinds)
        given = _given(context, settings, names, told)
        outputs = context.outputs(given)
        check_columns(context, settings, names, told)
        return lambda: _build(
            context, statement_of(settings, sql, names, kinds), sql, inputs, batch, context.bind_outputs(outputs, given)
        )

    def prepare_stream(self, context: NodeContext) -> tuple[Type, Callable[[], Stream]]:
        """Check a select whose rows a loop takes one by one; none but a few hundred of them are in memory at a time."""
        settings: DatabaseSettings = context.settings
        if settings.command != "select":
            context.fault("MF-D133", "Only a select gives rows to a loop.", "command")
        sql = check_statement(context, settings)
        check_parameters(context, settings, sql, None)
        inputs = context.inputs()
        check_lists(context, settings, sql, inputs)
        names = FieldNames()
        kinds = {name: computed.type for name, computed in inputs.items()}
        told = ask_database(context, settings, kinds)
        row = row_type(context, settings, names, told)
        check_columns(context, settings, names, told)
        return row, lambda: _build_stream(context, statement_of(settings, sql, names, kinds), sql, inputs)


def _given(
    context: NodeContext, settings: DatabaseSettings, names: FieldNames, told: StatementAnswer | None
) -> dict[str, Type]:
    """Type what the mapping sees."""
    row = row_type(context, settings, names, told)
    if settings.batch is not None:
        return {"count": NUMBER}
    return {"rows": ListType(row), "row": optional(row), "count": NUMBER}


def _build(
    context: NodeContext,
    statement: SqlStatement,
    sql: SqlText,
    inputs: Mapping[str, Computed],
    batch: Computed | None,
    assign: Assign | None,
) -> Action:
    app = context.library.app
    settings: DatabaseSettings = context.settings
    bound = bind_parameters(context, sql, inputs)
    source = settings.source
    check_right = _right_check(app, source)
    guarded = bool(context.node.catches or context.node.retry)
    count_slot = context.given_slot("count")
    if batch is not None:
        items_of = items_reader(context.bind(batch), bound, sql.names)

        async def run_batch(frame: Frame, run: Run) -> int:
            check_right(run)
            with computing(run):
                items = items_of(frame)
            count = 0
            if items:
                connection = await run.connection(app, source)
                count = await connection.run_many(statement, items, undo_alone=guarded or run.is_guarded)
            frame[count_slot] = Decimal(count)
            if assign is not None:
                with computing(run):
                    assign(frame)
            return 0

        return Action(run_batch, waits=True, writes=assign is not None)

    readers = {column: column_reader(type_name) for column, type_name in settings.columns.items()}
    rows_slot, row_slot = context.given_slot("rows"), context.given_slot("row")

    async def run(frame: Frame, run: Run) -> int:
        check_right(run)
        with computing(run):
            values = {name: evaluate(frame) for name, evaluate in bound}
        connection = await run.connection(app, source)
        rows, count = await connection.run(statement, values, run.limits.rows, undo_alone=guarded or run.is_guarded)
        if readers:
            read_columns(rows, readers)
        frame[rows_slot] = rows
        frame[row_slot] = rows[0] if rows else None
        frame[count_slot] = Decimal(count)
        if assign is not None:
            with computing(run):
                assign(frame)
        return 0

    return Action(run, waits=True, writes=assign is not None)


def _build_stream(
    context: NodeContext, statement: SqlStatement, sql: SqlText, inputs: Mapping[str, Computed]
) -> Stream:
    settings: DatabaseSettings = context.settings
    app, source = context.library.app, settings.source
    bound = bind_parameters(context, sql, inputs)
    check_right = _right_check(app, source)
    readers = {column: column_reader(type_name) for column, type_name in settings.columns.items()}

    async def rows(frame: Frame, run: Run) -> AsyncGenerator[Any]:
        check_right(run)
        with computing(run):
            values = {name: evaluate(frame) for name, evaluate in bound}
        connection = await run.connection(app, source)
        async with aclosing(connection.stream(statement, values, run.limits.loop_turns)) as found:
            async for row in found:
                if readers:
                    read_columns([row], readers)
                yield row

    return rows


def _right_check(app: App, source: str) -> Callable[[Run], None]:
    object_name = f"{app.name}/{source}"

    def check(run: Run) -> None:
        if not run.principal.may("data_source", object_name, "use"):
            raise NodeError(f'"{run.principal.username}" may not use the data source "{source}".', kind="permission")

    return check
