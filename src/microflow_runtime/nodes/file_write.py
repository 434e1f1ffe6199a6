"""`file write`: writes a list of records into a file of a named connection, whole or not at all.

Its output mapping sees `count` and `file`. Errors are of the kinds `file`, `file.missing`, `file.exists`, `file.format`,
`file.connect`, `file.busy` and `permission`, with the file, row and column in their data.
Source: ONEWEB, File Write (the four formats); the settings are ours.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from microflow_runtime.compiler.formulas import Computed
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Assign, Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.engine.effects import AfterCommit, refuse_outputs
from microflow_runtime.engine.files import Files
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import ANY_LIST, NUMBER, STRING, Type, optional
from microflow_runtime.formats import (
    FormatSettings,
    Layout,
    check_connection,
    check_layout,
    check_name,
    name_of,
    right_check,
    write_records,
)
from microflow_runtime.text import find_encoding

_APPENDED = ("delimited", "fixed width", "json lines")


def _about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class FileWriteSettings(FormatSettings, frozen=True, kw_only=True):
    """What is written where, and how records stand there."""

    connection: Annotated[str, _about("The name of a connection of the application that holds files.")]
    file: Annotated[
        Any, _about("The name of the file: a text or a formula; `/` stands between folders, which are made.")
    ]
    records: Annotated[str, _about("A formula that gives the list of records.")]
    existing: Annotated[
        Literal["refuse", "replace", "append"],
        _about("What becomes of a file that is there: `refuse` (an error) unless said, `replace`, or `append`."),
    ] = "refuse"
    line_end: Annotated[Literal["crlf", "lf"], _about("How lines end; `crlf` unless said.")] = "crlf"
    root: Annotated[str, _about("The name of the root element; `rows` unless said.")] = "rows"
    after: Annotated[
        Literal["now", "commit"], _about("When it is done: at once unless said, or when everything has been committed.")
    ] = "now"


class FileWriteNode:
    """Writes the file."""

    name: ClassVar[str] = "file write"
    settings: ClassVar[type[msgspec.Struct]] = FileWriteSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check connection, format, record and mappings."""
        settings: FileWriteSettings = context.settings
        if context.node.inputs:
            context.fault("MF-D070", "A file write node takes no `in`.", "in", at_key=True, help="use `records`")
        check_connection(context, settings.connection)
        layout = check_layout(context, settings)
        _check_columns(context, settings)
        if settings.existing == "append" and settings.format not in _APPENDED:
            context.fault(
                "MF-D166", f"Nothing comes behind the end of a file of the format {settings.format}.", "existing"
            )
        if settings.existing == "append" and layout is not None and find_encoding(layout.encoding).has_mark:
            message = (
                f"A text in {settings.encoding} has a mark at its beginning, so that nothing comes behind its end."
            )
            context.fault("MF-D166", message, "existing", help="use utf-8, utf-16-le or utf-16-be")
        file = check_name(context, settings.file, "file")
        records = _check_records(context, settings)
        given: dict[str, Type] = {"count": NUMBER, "file": STRING}
        outputs = context.outputs(given)
        if settings.after == "commit":
            refuse_outputs(context)

        def build() -> Action:
            assert layout is not None
            assert file is not None
            assert records is not None
            return _action(context, layout, file, records, context.bind_outputs(outputs, given))

        return build


def _check_columns(context: NodeContext, settings: FileWriteSettings) -> None:
    """Refuse places that only a reader can find."""
    for name, place in settings.columns.items():
        if settings.format in {"delimited", "xlsx"} and isinstance(place, int):
            message = "Columns are written in the order of `columns`, each under its name."
            context.fault("MF-D166", message, "columns", name, help="give the name in the header")
        elif settings.format == "xml" and "/" in str(place):
            context.fault("MF-D166", "A field is written as an element or attribute of the record.", "columns", name)


def _check_records(context: NodeContext, settings: FileWriteSettings) -> Computed | None:
    text = formula_of(settings.records)
    if text is None:
        context.fault("MF-D166", "`records` is a formula.", "records", help="begin it with `=`")
        return None
    return context.formula(text, "records", expected=optional(ANY_LIST))


def _action(context: NodeContext, layout: Layout, file: Computed, records: Computed, assign: Assign | None) -> Action:
    settings: FileWriteSettings = context.settings
    app, connection, existing = context.library.app, settings.connection, settings.existing
    compute_name, compute_records = context.bind(file), context.bind(records)
    check_right = right_check(app, connection)
    count_slot, file_slot = context.given_slot("count"), context.given_slot("file")
    appends = existing == "append"
    later = AfterCommit(context) if settings.after == "commit" else None

    def write(files: Files, name: str, values: list[Any]) -> int:
        has_rows = appends and bool(files.size(name))
        target = files.scratch()
        count = write_records(target, layout, values, name, files.go_on, header=not has_rows)
        target.seek(0)
        try:
            files.store(name, target, existing)
        except NodeError as error:
            error.retryable = error.retryable and not appends  # nobody knows how much came behind the end
            raise
        return count

    async def write_all(run: Run, name: str, values: list[Any]) -> int:
        async with run.resources.open_files(app, connection) as session:
            return await session.do(lambda files: write(files, name, values))

    async def run(frame: Frame, run: Run) -> int:
        check_right(run)
        with computing(run):
            name = name_of(compute_name(frame))
            values = compute_records(frame)
        if values is not None and not isinstance(values, list):
            raise NodeError(f"`records` gave a {type(values).__name__}, not a list.", kind="file")
        if later is not None:
            later.note(run, partial(write_all, run, name, values or []))
            return 0
        count = await write_all(run, name, values or [])
        frame[count_slot] = Decimal(count)
        frame[file_slot] = name
        if assign is not None:
            with computing(run):
                assign(frame)
        return 0

    return Action(run, waits=True, repeats=not appends)
