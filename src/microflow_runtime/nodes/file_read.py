"""`file read`: takes the records of a file from a named connection, as a list or one by one to a loop.

Its output mapping sees `records`, `count` and `file`. Errors are of the kinds `file`, `file.missing`, `file.exists`,
`file.format`, `file.connect`, `file.busy` and `permission`, with the file, row and column in their data.
Source: ONEWEB, File Read (sources, file types, skip, duplicates, filter, sort, move after success or failure); the names
of the settings, JSON lines and S3 are ours.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from decimal import Decimal
from functools import partial
from time import perf_counter_ns
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

import msgspec

from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.formulas import Computed, check_formula
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Assign, Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.engine.contract import Stream
from microflow_runtime.engine.effects import AfterCommit
from microflow_runtime.engine.files import Files, FileSession
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.errors import DeadlineExceeded, LimitExceeded, MicroflowError, NodeError
from microflow_runtime.feel import ANY, BOOLEAN, NUMBER, STRING, ContextType, ListType, Type, optional
from microflow_runtime.formats import (
    FormatSettings,
    Layout,
    RecordReader,
    check_connection,
    check_layout,
    check_name,
    name_of,
    right_check,
)
from microflow_runtime.formats.bad_records import BadRecord
from microflow_runtime.formats.order import Distinct, Order, sort_records
from microflow_runtime.model.type_ref import TypeRef
from microflow_runtime.telemetry import get_log

_T = TypeVar("_T")
CHUNK_RECORDS: Final = 500
"""How many records are read in one go, between which others have their turn."""
_ASIDE_SECONDS: Final = 5.0
_RECORD: Final = "Record"
_BAD: Final = ListType(
    ContextType(
        "",
        (("row", NUMBER), ("column", optional(STRING)), ("reason", STRING), ("cells", ListType(optional(STRING)))),
    )
)
_TABLES: Final = ("delimited", "xlsx")
_LOGGED: Final = 3
_log: Final = get_log("nodes")
_NOT_THE_FILE: Final = frozenset({"file.missing", "file.connect", "file.busy", "permission", "timeout"})
"""Kinds of errors that say nothing against the file, which stays where it is."""


def _about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class FileReadSettings(FormatSettings, frozen=True, kw_only=True):
    """Which file, how records stand in it, which of them are wanted, and what becomes of the file."""

    connection: Annotated[str, _about("The name of a connection of the application that holds files.")]
    file: Annotated[Any, _about("The name of the file: a text or a formula; `/` stands between folders.")]
    skip: Annotated[
        int, msgspec.Meta(description="How many first rows are left out, before the header.", ge=0, le=1_000_000)
    ] = 0
    distinct: Annotated[
        bool | list[str],
        _about("True to leave out records that are equal to one before; or the fields that are compared for it."),
    ] = False
    filter: Annotated[
        str | None, _about("A formula that sees each record as `Record`; those for which it is true are taken.")
    ] = None
    sort: Annotated[
        tuple[str, ...],
        _about("The fields that records are sorted by: `price`, or `price descending`; nothing comes last."),
    ] = ()
    bad_records: Annotated[
        Literal["stop", "leave out"],
        _about("What becomes of a record that does not fit: it ends the reading, or is left out and told in `bad`."),
    ] = "stop"
    move: Annotated[Any, _about("The name that the file gets when it was read to its end: a text or a formula.")] = None
    move_failed: Annotated[Any, _about("The name that the file gets when reading it failed.")] = None
    replace: Annotated[bool, _about("Whether a moved file may take the place of another.")] = False
    remove: Annotated[bool, _about("Whether the file is removed when it was read to its end.")] = False


class FileReadNode:
    """Reads the file."""

    name: ClassVar[str] = "file read"
    settings: ClassVar[type[msgspec.Struct]] = FileReadSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check connection, format, record and mappings."""
        checked = _Checked(context)
        given: dict[str, Type] = {"records": ListType(checked.type), "count": NUMBER, "file": STRING, "bad": _BAD}
        outputs = context.outputs(given)
        return lambda: _action(_Reading(context, checked), context, context.bind_outputs(outputs, given))

    def prepare_stream(self, context: NodeContext) -> tuple[Type, Callable[[], Stream]]:
        """Check a file whose records a loop takes one by one; no more than some hundred of them are in memory at a time."""
        settings: FileReadSettings = context.settings
        if settings.sort:
            message = "A loop takes records in the order of the file: sorting would hold all of them."
            context.fault("MF-D165", message, "sort", at_key=True)
        checked = _Checked(context)
        return checked.type, lambda: _Reading(context, checked).stream


class _Checked:
    """What is left of a node when it has been checked."""

    def __init__(self, context: NodeContext) -> None:
        settings: FileReadSettings = context.settings
        if context.node.inputs:
            context.fault("MF-D070", "A file read node takes no `in`.", "in", at_key=True, help="its formulas see all")
        check_connection(context, settings.connection)
        self.layout = check_layout(context, settings)
        self.type = _type_of(context, self.layout)
        self.file = check_name(context, settings.file, "file")
        self.move = check_name(context, settings.move, "move") if settings.move is not None else None
        aside = settings.move_failed
        self.aside = check_name(context, aside, "move_failed") if aside is not None else None
        if settings.remove and settings.move is not None:
            context.fault("MF-D165", "A file is moved or removed, not both.", "remove", at_key=True)
        context.layout.slot(f"={_RECORD}")
        self.filter = _check_filter(context, settings, self.type)
        if settings.bad_records != "stop" and settings.format not in _TABLES:
            help_text = f"it belongs to {', '.join(_TABLES)}"
            message = f"A file of the format {settings.format} has no `bad_records`."
            context.fault("MF-D161", message, "bad_records", at_key=True, help=help_text)
        elif self.layout is not None and settings.bad_records != "stop":
            self.layout = msgspec.structs.replace(self.layout, leaves_out=True)
        self.order = tuple(Order.of(each) for each in settings.sort)
        compared = settings.distinct if isinstance(settings.distinct, list) else []
        for key, names in (("sort", [each.field for each in self.order]), ("distinct", compared)):
            _check_fields(context, self.layout, names, key)


def _type_of(context: NodeContext, layout: Layout | None) -> Type:
    return ANY if layout is None else context.types.of(TypeRef(layout.bo_class.name))


def _check_filter(context: NodeContext, settings: FileReadSettings, record: Type) -> Computed | None:
    if settings.filter is None:
        return None
    text = formula_of(settings.filter)
    if text is None:
        context.fault("MF-D165", "`filter` is a formula.", "filter", help="begin it with `=`")
        return None
    scope = {**context.scope, _RECORD: record}
    computed = check_formula(text, scope, (*context.path, "filter"), context.faults, expected=optional(BOOLEAN))
    if computed is not None:
        context.reads.update(name.split(".")[0] for name in computed.names if name.split(".")[0] != _RECORD)
        context.told.note(computed, scope)
    return computed


def _check_fields(context: NodeContext, layout: Layout | None, names: list[str], key: str) -> None:
    if layout is None:
        return
    fields = {field.name: field for field in layout.bo_class.definition.fields}
    for index, name in enumerate(names):
        field = fields.get(name)
        if field is None:
            message = f"{layout.bo_class.name} has no field {name}."
            context.fault("MF-D165", message, key, index, help=did_you_mean(name, fields))
        elif key == "sort" and (field.type.is_list or not field.type.is_simple):
            context.fault("MF-D165", f"The field {name} is no single value to sort by.", key, index)


class _Reading:
    """The bound form of a node: opens the file, and gives its records chunk by chunk."""

    def __init__(self, context: NodeContext, checked: _Checked) -> None:
        settings: FileReadSettings = context.settings
        assert checked.layout is not None
        assert checked.file is not None
        self.app = context.library.app
        self._connection = settings.connection
        self._layout = checked.layout
        self._file = context.bind(checked.file)
        self._move = context.bind(checked.move) if checked.move is not None else None
        self._aside = context.bind(checked.aside) if checked.aside is not None else None
        self._removes = settings.remove
        self._replaces = settings.replace
        self._slot = context.layout.slots[f"={_RECORD}"]
        slots = {**context.layout.slots, _RECORD: self._slot}
        self._filter = checked.filter.bind(slots) if checked.filter is not None else None
        self._distinct = settings.distinct
        self.order = checked.order
        self._check_right = right_check(self.app, settings.connection)
        self._later = AfterCommit(context)

    async def whole(self, frame: Frame, run: Run) -> tuple[str, list[Any], list[BadRecord]]:
        """Give the file's name, all of its records, and those left out. Raises LimitExceeded when they are too many."""
        name, to, aside = self._names(frame, run)
        records: list[Any] = []
        bad: list[BadRecord] = []
        async with run.resources.open_files(self.app, self._connection) as session:
            try:
                async with aclosing(self._chunks(session, name, frame, run, bad)) as chunks:
                    async for chunk in chunks:
                        records += chunk
                        if len(records) + len(bad) > run.limits.rows:
                            raise LimitExceeded(f"the file gave more records than the limit of {run.limits.rows}.")
                if self.order:
                    records = await session.do(lambda _: self._sorted(records, run))
            except BaseException as error:
                await self._put_aside(session, name, aside, error)
                raise
            await self._finish(session, run, name, to)
        return name, records, bad

    def _sorted(self, records: list[Any], run: Run) -> list[Any]:
        """Give the records in order; times without an offset are of the app's zone, as in a formula."""
        with computing(run):
            return sort_records(records, self.order)

    async def stream(self, frame: Frame, run: Run) -> AsyncGenerator[Any]:
        """Give the records one by one. See `Stream`."""
        name, to, aside = self._names(frame, run)
        async with AsyncExitStack() as stack:
            async with _until_deadline(run):
                opened = await stack.enter_async_context(run.resources.open_files(self.app, self._connection))
            session = _Timely(opened, run)
            bad: list[BadRecord] = []
            count = 0
            try:
                async with aclosing(self._chunks(session, name, frame, run, bad)) as chunks:
                    async for chunk in chunks:
                        for record in chunk:
                            yield record
                        count += _log_bad(name, bad, count, run)
            except BaseException as error:
                await self._put_aside(opened, name, aside, error)
                raise
            await self._finish(session, run, name, to)

    def _names(self, frame: Frame, run: Run) -> tuple[str, str | None, str | None]:
        """Compute all names before anything is opened."""
        self._check_right(run)
        with computing(run):
            name = name_of(self._file(frame))
            to = name_of(self._move(frame)) if self._move is not None else None
            aside = name_of(self._aside(frame)) if self._aside is not None else None
        return name, to, aside

    async def _chunks(
        self, session: FileSession, name: str, frame: Frame, run: Run, bad: list[BadRecord]
    ) -> AsyncGenerator[list[Any]]:
        """Give the records that are wanted, as many at a time as one go reads; the thread is asked once for each go.

        What is left out is added to `bad`.
        """
        distinct = Distinct(self._distinct) if self._distinct else None

        def begin(files: Files) -> RecordReader:
            return RecordReader(files.open(name), self._layout, name)

        def take(reader: RecordReader, _files: Files) -> list[Any] | None:
            records = reader.take(CHUNK_RECORDS)
            if not records:
                return None
            return distinct.of(records) if distinct is not None else records

        reader = await session.do(begin)
        while (records := await session.do(partial(take, reader))) is not None:
            bad += reader.bad.take() if reader.bad is not None else ()
            yield self._filtered(records, frame, run) if self._filter is not None else records
        if reader.bad is not None and (last := reader.bad.take()):
            bad += last
            yield []
        await session.do(lambda _: reader.close())

    def _filtered(self, records: list[Any], frame: Frame, run: Run) -> list[Any]:
        assert self._filter is not None
        taken = []
        with computing(run):
            for record in records:
                frame[self._slot] = record
                value = self._filter(frame)
                if value is True:
                    taken.append(record)
                elif value is not False and value is not None:
                    raise NodeError(f"`filter` gave a {type(value).__name__}, not true or false.", kind="formula")
        frame[self._slot] = None
        return taken

    async def _finish(self, session: FileSession, run: Run, name: str, to: str | None) -> None:
        """Have the file moved or removed when everything is committed: until then it may have to be read once more."""
        if to is not None and not self._replaces and await session.do(lambda files: files.size(to)) is not None:
            raise NodeError(f'the file "{to}" is there already.', kind="file.exists", data={"file": to})
        if to is not None:
            self._later.note(run, partial(self._move_away, run, name, to))
        elif self._removes:
            self._later.note(run, partial(self._remove, run, name))

    async def _move_away(self, run: Run, name: str, to: str) -> None:
        async with run.resources.open_files(self.app, self._connection) as session:
            await session.do(lambda files: files.move(name, to, replace=self._replaces))

    async def _remove(self, run: Run, name: str) -> None:
        async with run.resources.open_files(self.app, self._connection) as session:
            await session.do(lambda files: files.remove(name))

    async def _put_aside(self, session: FileSession, name: str, aside: str | None, error: BaseException) -> None:
        """Move a file whose reading failed, unless the failure says nothing against it, or the time is over."""
        task = asyncio.current_task()
        is_over = isinstance(error, asyncio.CancelledError) or (task is not None and task.cancelling())
        if aside is None or is_over or getattr(error, "kind", "") in _NOT_THE_FILE:
            return
        try:
            async with asyncio.timeout(_ASIDE_SECONDS):
                await session.do(lambda files: files.move(name, aside, replace=self._replaces))
        except (NodeError, TimeoutError) as problem:
            if isinstance(error, MicroflowError):
                told = problem.message if isinstance(problem, NodeError) else "it took too long."
                error.message += f" It could not be moved aside either: {told}"


def _log_bad(name: str, bad: list[BadRecord], before: int, run: Run) -> int:
    """Tell the log of records that a stream leaves out, the first few one by one; return how many they are."""
    for each in bad[: max(_LOGGED - before, 0)]:
        _log.warning("record left out", file=name, row=each.row, reason=each.reason, execution=run.execution_id)
    if bad and before + len(bad) > _LOGGED:
        _log.warning("records left out", file=name, count=before + len(bad), execution=run.execution_id)
    count = len(bad)
    bad.clear()
    return count


class _Timely:
    """A session whose work ends with the time of the run: a loop that takes a stream leaves that to it."""

    def __init__(self, session: FileSession, run: Run) -> None:
        self._session = session
        self._run = run

    async def do(self, work: Callable[[Files], _T]) -> _T:
        """See FileSession. Raises DeadlineExceeded."""
        async with _until_deadline(self._run):
            return await self._session.do(work)


@asynccontextmanager
async def _until_deadline(run: Run) -> AsyncIterator[None]:
    limit = asyncio.timeout((run.deadline_ns - perf_counter_ns()) / 1e9)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise DeadlineExceeded(
            f"the time limit of {run.limit_ns / 1e9:.3f} s has passed while a file was read."
        ) from error


def _action(reading: _Reading, context: NodeContext, assign: Assign | None) -> Action:
    records_slot, count_slot, file_slot, bad_slot = map(context.given_slot, ("records", "count", "file", "bad"))

    async def run(frame: Frame, run: Run) -> int:
        name, records, bad = await reading.whole(frame, run)
        frame[records_slot] = records
        frame[count_slot] = Decimal(len(records))
        frame[file_slot] = name
        frame[bad_slot] = [
            {"row": Decimal(each.row), "column": each.column or None, "reason": each.reason, "cells": each.cells}
            for each in bad
        ]
        if assign is not None:
            with computing(run):
                assign(frame)
        frame[records_slot] = frame[bad_slot] = None
        return 0

    return Action(run, waits=True)
