"""The columns of a statement's rows: their types, what is expected of them, and how declared ones are read."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from microflow_runtime.compiler.business_objects import Misfit, Notes, exact_number, shape_of
from microflow_runtime.compiler.business_objects.misfit import describe
from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.feel_types import SIMPLE_FEEL
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.statements import StatementAnswer
from microflow_runtime.engine.column_names import column_names
from microflow_runtime.engine.sql import SPECIAL_VALUES
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    NUMBER,
    STRING,
    TIME,
    FieldNames,
    RowType,
    Type,
    optional,
)
from microflow_runtime.model.type_ref import TypeRef
from microflow_runtime.nodes.database.settings import DatabaseSettings

_SPECIAL_TYPES: Final[Mapping[str, Type]] = {"json": ANY, "base64": STRING}
_TOLD: Final[Mapping[str, Type]] = {kind.word: kind for kind in (NUMBER, STRING, BOOLEAN, DATE, TIME, DATE_TIME)}


def row_type(context: NodeContext, settings: DatabaseSettings, names: FieldNames, told: StatementAnswer | None) -> Type:
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


def check_columns(
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


def column_reader(written: str) -> Callable[[Any], Any]:
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


def read_columns(rows: list[dict[str, Any]], readers: Mapping[str, Callable[[Any], Any]]) -> None:
    """Read the declared columns of all rows in their place; a value that does not fit is an error that names row and column."""
    for column, read in readers.items():
        for index, row in enumerate(rows):
            if column not in row:
                raise NodeError(f'the statement gave no column "{column}", which `columns` declares.', kind="database")
            try:
                row[column] = read(row[column])
            except Misfit as misfit:
                misfit.under(column).under(index).under("rows")
                raise NodeError(misfit.sentence() + ".", kind="database") from misfit
