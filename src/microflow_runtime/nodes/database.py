"""`database`: one SQL statement on a named data source, with bound parameters only.

All database nodes of an execution share one transaction per data source. Its output mapping sees `rows` (each a context
by column name), `row` (the first, or null) and `count` (rows returned or touched); that of a batch, `count` alone. Errors
are of the kinds `database…` and `permission`.
Source: ONEWEB, Database Task (command types, JNDI name); the placeholder syntax and the batch are ours.
"""

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from microflow_runtime.compiler.business_objects import Misfit, Notes, exact_number, shape_of
from microflow_runtime.compiler.business_objects.misfit import describe
from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.feel_types import SIMPLE_FEEL
from microflow_runtime.compiler.formulas import Computed, Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Assign, Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.compiler.sql_text import SqlText, names_in_lists, read_sql
from microflow_runtime.compiler.statements import StatementAnswer, WantedStatement
from microflow_runtime.engine.column_names import column_names
from microflow_runtime.engine.contract import Stream
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.sql import SPECIAL_VALUES, SqlStatement
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    NULL,
    NUMBER,
    STRING,
    TIME,
    ContextType,
    FieldNames,
    ListType,
    RowType,
    Type,
    optional,
    required,
)
from microflow_runtime.model.app import App
from microflow_runtime.model.type_ref import TypeRef

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
_SPECIAL_TYPES: Final[Mapping[str, Type]] = {"json": ANY, "base64": STRING}
_TYPED: Final = (NUMBER, BOOLEAN, DATE, TIME, DATE_TIME)
"""Types whose values a driver binds as of that type, so that a null in their place is of that type, too."""
_LIST_HELP: Final[Mapping[str, str]] = {
    "postgresql": "write `= any(:{0})`, or `<> all(:{0})` for `not in`",
    "sqlite": "write `in (select value from json_each(:{0}))`",
    "mariadb": "write `in (select v from json_table(:{0}, '$[*]' columns (v text path '$')) as t)`",
}
_TOLD: Final[Mapping[str, Type]] = {kind.word: kind for kind in (NUMBER, STRING, BOOLEAN, DATE, TIME, DATE_TIME)}
_ITEM: Final = "item"
"""The parameter that stands for an item which is no context."""


class DatabaseSettings(msgspec.Struct, frozen=True):
    """Where to ask, and what."""

    source: Annotated[str, msgspec.Meta(description="The name of a data source of the application.")]
    command: Annotated[
        Literal["select", "insert", "update", "delete", "merge", "call"],
        msgspec.Meta(description="What the statement does."),
    ]
    sql: Annotated[
        str, msgspec.Meta(description="The statement; `:name` stands for the value that `in` gives for name.")
    ]
    batch: Annotated[
        str | None,
        msgspec.Meta(
            description="A formula that gives a list: the statement is run for each item, all or nothing; `:name` is then the item's field."
        ),
    ] = None
    columns: Annotated[
        dict[str, str],
        msgspec.Meta(
            description="Types of columns where the database does not say, as money kept in text; `decimal?` where it may be null, `json`, `base64`."
        ),
    ] = {}
    parameters: Annotated[
        dict[str, Literal["json", "base64"]],
        msgspec.Meta(description="Parameters that are kept as JSON, or as the bytes that a text in base64 stands for."),
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
        batch, item = _batch(context, settings)
        sql = _check(context, settings)
        _check_parameters(context, settings, sql, item)
        inputs = context.inputs()
        _check_lists(context, settings, sql, inputs)
        names = FieldNames()
        kinds = {**_kinds_of_item(item, sql), **{name: computed.type for name, computed in inputs.items()}}
        told = _ask(context, settings, kinds)
        given = _given(context, settings, names, told)
        outputs = context.outputs(given)
        _check_columns(context, settings, names, told)
        return lambda: _build(
            context, _statement_of(settings, names, kinds), sql, inputs, batch, context.bind_outputs(outputs, given)
        )

    def prepare_stream(self, context: NodeContext) -> tuple[Type, Callable[[], Stream]]:
        """Check a select whose rows a loop takes one by one; none but a few hundred of them are in memory at a time."""
        settings: DatabaseSettings = context.settings
        if settings.command != "select":
            context.fault("MF-D133", "Only a select gives rows to a loop.", "command")
        sql = _check(context, settings)
        _check_parameters(context, settings, sql, None)
        inputs = context.inputs()
        _check_lists(context, settings, sql, inputs)
        names = FieldNames()
        kinds = {name: computed.type for name, computed in inputs.items()}
        told = _ask(context, settings, kinds)
        row = _row_type(context, settings, names, told)
        _check_columns(context, settings, names, told)
        return row, lambda: _build_stream(context, _statement_of(settings, names, kinds), inputs)


def _check(context: NodeContext, settings: DatabaseSettings) -> SqlText:
    """Check data source and statement."""
    sources = context.library.app.data_sources
    if settings.source not in sources:
        message = f'The application has no data source "{settings.source}".'
        context.fault("MF-D076", message, "source", help=did_you_mean(settings.source, sources))
    context.sources.add(settings.source)
    sql = read_sql(settings.sql)
    _check_sql(context, settings, sql)
    return sql


def _batch(context: NodeContext, settings: DatabaseSettings) -> tuple[Computed | None, Type | None]:
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


def _check_parameters(context: NodeContext, settings: DatabaseSettings, sql: SqlText, item: Type | None) -> None:
    if formula_of(settings.sql) is not None:
        return
    given = context.node.inputs
    fields = _fields_of(item)
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


def _check_lists(
    context: NodeContext, settings: DatabaseSettings, sql: SqlText, inputs: Mapping[str, Computed]
) -> None:
    """Refuse a list where SQL takes one value, which would mean nothing or something else."""
    for name in sorted(names_in_lists(sql)):
        if name in inputs and isinstance(required(inputs[name].type), ListType):
            source = context.library.app.data_sources.get(settings.source)
            kind = source.url.partition(":")[0] if source is not None else ""
            message = f"`in (:{name})` takes single values, and `:{name}` is a list."
            context.fault("MF-D134", message, "sql", help=_LIST_HELP.get(kind, _LIST_HELP["postgresql"]).format(name))


def _no_list(name: str, evaluate: Evaluate) -> Evaluate:
    def compute(frame: Frame) -> Any:
        value = evaluate(frame)
        if isinstance(value, list):
            raise NodeError(f"`in (:{name})` takes single values, not a list.", kind="database")
        return value

    return compute


def _bound(context: NodeContext, sql: SqlText, inputs: Mapping[str, Computed]) -> list[tuple[str, Evaluate]]:
    """Bind what `in` gives; a value that may be a list and must not is looked at when it is there."""
    single = names_in_lists(sql)
    return [
        (name, _no_list(name, evaluate) if name in single and _may_be_list(computed.type) else evaluate)
        for name, computed in inputs.items()
        for evaluate in (context.bind(computed),)
    ]


def _fields_of(item: Type | None) -> tuple[str, ...] | None:
    """Give the names that an item of a batch has values for; None when nobody knows yet."""
    if item is None:
        return ()
    if item == ANY:
        return None
    if isinstance(item, ContextType):
        return None if item.open else tuple(item.index)
    return (_ITEM,)


def _kinds_of_item(item: Type | None, sql: SqlText) -> dict[str, Type]:
    """Give the types of the parameters that come from an item of a batch, as far as they are known."""
    if isinstance(item, ContextType):
        return {name: item.index[name] for name in sql.names if name in item.index}
    return {} if item is None else {_ITEM: item}


def _ask(context: NodeContext, settings: DatabaseSettings, kinds: Mapping[str, Type]) -> StatementAnswer | None:
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


def _check_columns(
    context: NodeContext, settings: DatabaseSettings, names: FieldNames, told: StatementAnswer | None
) -> None:
    """Check what formulas, Business Objects and `columns` expect against the columns that the database tells."""
    if told is None or told.columns is None:
        return
    columns = tuple(name for name, _ in told.columns)
    try:
        spelled = column_names(columns, frozenset(names.read), frozenset(names.taken | set(settings.columns)))
    except NodeError as error:
        context.fault("MF-D137", f"{error.message[:1].upper()}{error.message[1:].rstrip('.?')}.", "sql")
        return
    words = dict(zip(spelled, (word for _, word in told.columns), strict=True))
    for column, written in settings.columns.items():
        word = words.get(column)
        if word is None:
            message = f'The statement gives no column "{column}".'
            context.fault("MF-D137", message, "columns", column, at_key=True, help=did_you_mean(column, spelled))
        elif not _may_be_read(word, written.removesuffix("?")):
            message = f'The column "{column}" is a {word} in the database, which is not read as {written}.'
            context.fault(
                "MF-D137", message, "columns", column, help="declare it as the database has it, or cast it in the SQL"
            )


def _may_be_read(word: str, type_name: str) -> bool:
    """Whether values of a column whose type has this word may be read as the declared type: texts as anything but bytes."""
    if word in {"", "string"} or type_name in SPECIAL_VALUES or type_name not in SIMPLE_FEEL:
        return True
    return SIMPLE_FEEL[type_name].word == word or (type_name == "boolean" and word == "number")


def _row_type(
    context: NodeContext, settings: DatabaseSettings, names: FieldNames, told: StatementAnswer | None
) -> Type:
    """Type a row: columns are known where the node declares them or the database tells them, else anything.

    `names` learns what formulas expect of it. Whether a column may be null, no database tells of a statement.
    """
    fields: list[tuple[str, Type]] = []
    known = {**SIMPLE_FEEL, **_SPECIAL_TYPES}
    for column, written in settings.columns.items():
        type_name = written.removesuffix("?")
        kind = known.get(type_name)
        if kind is None:
            message = f'There is no simple type "{written}".'
            context.fault("MF-D067", message, "columns", column, help=did_you_mean(type_name, known))
        else:
            fields.append((column, kind if written == type_name else optional(kind)))
    for column, word in (told.columns or ()) if told is not None else ():
        if column not in settings.columns:
            fields.append((column, _TOLD.get(word, ANY)))
    return RowType(tuple(dict(fields).items()), names)


def _given(
    context: NodeContext, settings: DatabaseSettings, names: FieldNames, told: StatementAnswer | None
) -> dict[str, Type]:
    """Type what the mapping sees."""
    row = _row_type(context, settings, names, told)
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
    bound = _bound(context, sql, inputs)
    source = settings.source
    check_right = _right_check(app, source)
    guarded = bool(context.node.catches or context.node.retry)
    count_slot = context.given_slot("count")
    if batch is not None:
        items_of = _items_reader(context.bind(batch), bound, sql.names)

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

    readers = {column: _column_reader(type_name) for column, type_name in settings.columns.items()}
    rows_slot, row_slot = context.given_slot("rows"), context.given_slot("row")

    async def run(frame: Frame, run: Run) -> int:
        check_right(run)
        with computing(run):
            values = {name: evaluate(frame) for name, evaluate in bound}
        connection = await run.connection(app, source)
        rows, count = await connection.run(statement, values, run.limits.rows, undo_alone=guarded or run.is_guarded)
        if readers:
            _read_columns(rows, readers)
        frame[rows_slot] = rows
        frame[row_slot] = rows[0] if rows else None
        frame[count_slot] = Decimal(count)
        if assign is not None:
            with computing(run):
                assign(frame)
        return 0

    return Action(run, waits=True, writes=assign is not None)


def _build_stream(context: NodeContext, statement: SqlStatement, inputs: Mapping[str, Computed]) -> Stream:
    settings: DatabaseSettings = context.settings
    app, source = context.library.app, settings.source
    bound = _bound(context, read_sql(settings.sql), inputs)
    check_right = _right_check(app, source)
    readers = {column: _column_reader(type_name) for column, type_name in settings.columns.items()}

    async def rows(frame: Frame, run: Run) -> AsyncGenerator[Any]:
        check_right(run)
        with computing(run):
            values = {name: evaluate(frame) for name, evaluate in bound}
        connection = await run.connection(app, source)
        async with aclosing(connection.stream(statement, values, run.limits.loop_turns)) as found:
            async for row in found:
                if readers:
                    _read_columns([row], readers)
                yield row

    return rows


def _statement_of(settings: DatabaseSettings, names: FieldNames, kinds: Mapping[str, Type]) -> SqlStatement:
    """Give the statement of the node. `kinds` are the types of its parameters, as far as they are known.

    A list of contexts or of lists is kept as JSON everywhere, an empty one too.
    """
    names_of_sql = read_sql(settings.sql).names
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
        lists=frozenset(name for name in names_of_sql if _may_be_list(kinds.get(name, ANY))),
    )


def _may_be_list(kind: Type) -> bool:
    return kind in {ANY, NULL} or isinstance(kind, ListType)


def _is_list_of_many(kind: Type) -> bool:
    return isinstance(kind, ListType) and isinstance(kind.item, ContextType | ListType)


def _right_check(app: App, source: str) -> Callable[[Run], None]:
    object_name = f"{app.name}/{source}"

    def check(run: Run) -> None:
        if not run.principal.may("data_source", object_name, "use"):
            raise NodeError(f'"{run.principal.username}" may not use the data source "{source}".', kind="permission")

    return check


def _items_reader(
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


def _column_reader(written: str) -> Callable[[Any], Any]:
    """Make what reads a column; `decimal` promises that it is never null, `decimal?` does not."""
    type_name = written.removesuffix("?")
    may_be_null = written != type_name
    is_special = type_name in SPECIAL_VALUES
    shape = None if is_special else shape_of(TypeRef(type_name), {})
    is_number = type_name in {"integer", "decimal"}

    def read(value: Any) -> Any:
        """Take the driver's value as it is where it has the type already, else read it from text."""
        if value is None:
            if may_be_null:
                return None
            raise Misfit(f"a value (the column is declared `{written}`, not `{written}?`)", "nothing")
        if shape is None:
            return value
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
