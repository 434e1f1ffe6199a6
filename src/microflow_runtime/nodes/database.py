"""`database`: one SQL statement on a named data source, with bound parameters only.

All database nodes of an execution share one transaction per data source. Its output mapping sees `rows` (each a context
by column name), `row` (the first, or null) and `count` (rows returned or touched). Errors are of the kinds `database`,
`database.busy` and `permission`.
Source: ONEWEB, Database Task (command types, JNDI name); the placeholder syntax is ours.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from microflow_runtime.compiler.business_objects import Misfit, Notes, exact_number, shape_of
from microflow_runtime.compiler.business_objects.misfit import describe
from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.feel_types import SIMPLE_FEEL
from microflow_runtime.compiler.formulas import Computed
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Assign, Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import NUMBER, ContextType, ListType, Type, optional
from microflow_runtime.model.type_ref import TypeRef

_STATEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "select": ("select", "with", "values"),
    "insert": ("insert", "with", "replace"),
    "update": ("update", "with"),
    "delete": ("delete", "with"),
}
"""The first words of what each command may run."""
_PARAMETER: Final = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
_FIRST_WORD: Final = re.compile(r"(?:\s|--[^\n]*(?:\n|$)|/\*(?s:.*?)\*/)*(\w*)")


class DatabaseSettings(msgspec.Struct, frozen=True):
    """Where to ask, and what."""

    source: Annotated[str, msgspec.Meta(description="The name of a data source of the application.")]
    command: Annotated[
        Literal["select", "insert", "update", "delete"], msgspec.Meta(description="What the statement does.")
    ]
    sql: Annotated[
        str, msgspec.Meta(description="The statement; `:name` stands for the value that `in` gives for name.")
    ]
    columns: Annotated[
        dict[str, str],
        msgspec.Meta(
            description="Types of columns where the database does not say, as money kept in text; `decimal?` where it may be null."
        ),
    ] = {}


class DatabaseNode:
    """Runs the statement."""

    name: ClassVar[str] = "database"
    settings: ClassVar[type[msgspec.Struct]] = DatabaseSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check source, statement, parameters and mapping."""
        settings: DatabaseSettings = context.settings
        sources = context.library.app.data_sources
        if settings.source not in sources:
            message = f'The application has no data source "{settings.source}".'
            context.fault("MF-D076", message, "source", help=did_you_mean(settings.source, sources))
        context.sources.add(settings.source)
        _check_sql(context, settings)
        inputs = context.inputs()
        given = _given(context, settings)
        outputs = context.outputs(given)
        return lambda: _build(context, settings, inputs, context.bind_outputs(outputs, given))


def _check_sql(context: NodeContext, settings: DatabaseSettings) -> None:
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
    wanted = list(dict.fromkeys(_PARAMETER.findall(settings.sql)))
    for name in wanted:
        if name not in context.node.inputs:
            context.fault(
                "MF-D079", f"The SQL parameter `:{name}` has no value.", "sql", help=f"add `in: {{{name}: = …}}`"
            )
    for name in context.node.inputs:
        if name not in wanted:
            message = f"The statement has no parameter `:{name}`."
            context.fault("MF-D065", message, "in", name, at_key=True, help=did_you_mean(name, wanted))


def _given(context: NodeContext, settings: DatabaseSettings) -> dict[str, Type]:
    """Type what the mapping sees: columns are known where the node declares them, else anything."""
    fields: list[tuple[str, Type]] = []
    for column, written in settings.columns.items():
        type_name = written.removesuffix("?")
        kind = SIMPLE_FEEL.get(type_name)
        if kind is None:
            context.fault(
                "MF-D067",
                f'There is no simple type "{written}".',
                "columns",
                column,
                help=did_you_mean(type_name, SIMPLE_FEEL),
            )
        else:
            fields.append((column, kind if written == type_name else optional(kind)))
    row = ContextType("", tuple(fields), open=True)
    return {"rows": ListType(row), "row": optional(row), "count": NUMBER}


def _build(
    context: NodeContext, settings: DatabaseSettings, inputs: Mapping[str, Computed], assign: Assign | None
) -> Action:
    source, sql, app = settings.source, settings.sql, context.library.app
    bound = [(name, context.bind(computed)) for name, computed in inputs.items()]
    readers = {column: _column_reader(type_name) for column, type_name in settings.columns.items()}
    rows_slot, row_slot, count_slot = (context.given_slot(name) for name in ("rows", "row", "count"))
    object_name = f"{app.name}/{source}"
    guarded = bool(context.node.catches or context.node.retry)

    async def run(frame: Frame, run: Run) -> int:
        if not run.principal.may("data_source", object_name, "use"):
            raise NodeError(f'"{run.principal.username}" may not use the data source "{source}".', kind="permission")
        with computing(run):
            values = {name: evaluate(frame) for name, evaluate in bound}
        connection = await run.connection(app, source)
        rows, count = await connection.run(sql, values, run.limits.rows, undo_alone=guarded)
        if readers:
            _read_columns(rows, readers)
        frame[rows_slot] = rows
        frame[row_slot] = rows[0] if rows else None
        frame[count_slot] = Decimal(count)
        if assign is not None:
            with computing(run):
                assign(frame)
        return 0

    return Action(run, waits=True)


def _column_reader(written: str) -> Callable[[Any], Any]:
    """Make what reads a column; `decimal` promises that it is never null, `decimal?` does not."""
    type_name = written.removesuffix("?")
    may_be_null = written != type_name
    shape = shape_of(TypeRef(type_name), {})
    is_number = type_name in {"integer", "decimal"}

    def read(value: Any) -> Any:
        """Take the driver's value as it is where it has the type already, else read it from text."""
        if value is None:
            if may_be_null:
                return None
            raise Misfit(f"a value (the column is declared `{written}`, not `{written}?`)", "nothing")
        try:
            if isinstance(value, str):
                return shape.read(exact_number(value) if is_number else value, Notes())
            if type_name == "boolean" and isinstance(value, Decimal) and value in (0, 1):
                return value == 1
            return shape.adopt(value)
        except ValueError as error:
            raise Misfit(type_name, describe(value)) from error

    return read


def _read_columns(rows: list[dict[str, Any]], readers: Mapping[str, Callable[[Any], Any]]) -> None:
    for column, read in readers.items():
        for index, row in enumerate(rows):
            if column not in row:
                raise NodeError(f'the statement gave no column "{column}", which `columns` declares.', kind="database")
            try:
                row[column] = read(row[column])
            except Misfit as misfit:
                misfit.under(column).under(index).under("rows")
                raise NodeError(misfit.sentence() + ".", kind="database") from misfit
