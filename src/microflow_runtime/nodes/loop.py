"""`loop`: walks the nodes inside it once for each item of a list, or while a condition is true.

One turn after the other the turns see what the earlier ones wrote; with `at_once` they run side by side, each on its own
copy of the variables. The first error ends the loop, or all are gathered. What the turns `collect` comes in the order of
the items. The vendor has no such node.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from microflow_runtime.compiler.formulas import Computed, Evaluate, check_formula
from microflow_runtime.compiler.node_context import Body, NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.engine.contract import Stream
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.engine.turns import Items, Loop
from microflow_runtime.errors import ExecutionError, NodeError
from microflow_runtime.feel import ANY, ANY_LIST, BOOLEAN, NUMBER, STRING, ContextType, ListType, Type, optional

MOST_AT_ONCE: Final = 64
_NAME: Final = r"^[^\W\d]\w*$"
_FAILURE: Final = ContextType(
    "",
    (
        ("turn", NUMBER),
        ("kind", STRING),
        ("code", STRING),
        ("message", STRING),
        ("data", ContextType("", (), open=True)),
    ),
)


class LoopSettings(msgspec.Struct, frozen=True, rename={"while_": "while", "from_": "from"}):
    """What the loop goes over, and how."""

    each: Annotated[
        Any, msgspec.Meta(description="The list whose items the turns are for, a formula; null counts as empty.")
    ] = None
    from_: Annotated[
        dict[str, Any] | None,
        msgspec.Meta(
            description="A source that gives the items one by one: `type` (a node that can, as `database`), its settings and its `in`."
        ),
    ] = None
    while_: Annotated[
        str | None, msgspec.Meta(description="The condition, a formula, that is looked at before each turn.")
    ] = None
    item: Annotated[
        str, msgspec.Meta(description="The name under which a turn sees its item; it can only be read.", pattern=_NAME)
    ] = "Item"
    number: Annotated[
        str,
        msgspec.Meta(
            description="The name under which a turn sees its number, from 1; none unless said.",
            pattern=rf"^$|{_NAME}",
        ),
    ] = ""
    at_once: Annotated[int, msgspec.Meta(description="How many turns run side by side.", ge=1, le=MOST_AT_ONCE)] = 1
    failures: Annotated[
        Literal["stop", "gather"],
        msgspec.Meta(
            description="Whether the first turn that fails ends the loop, or all turns are taken and the errors gathered."
        ),
    ] = "stop"
    collect: Annotated[
        Any, msgspec.Meta(description="What each turn gives to `results`, a formula that sees what the turn wrote.")
    ] = None


Source = Computed | Callable[[], Stream]
"""What the turns are for: a formula, or what opens a stream."""


class LoopNode:
    """Takes the turns."""

    name: ClassVar[str] = "loop"
    settings: ClassVar[type[msgspec.Struct]] = LoopSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True
    inside: ClassVar[str] = "nodes"

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check the list or the condition, the nodes inside, and what is collected."""
        settings: LoopSettings = context.settings
        if context.node.inputs:
            context.fault("MF-D070", "A loop takes no `in`.", "in", at_key=True, help="its nodes see every variable")
        source, items = _check_source(context, settings)
        if settings.number:
            items[settings.number] = NUMBER
        is_while = settings.while_ is not None
        condition = source if is_while and isinstance(source, Computed) else None
        at_start = context.assumed(condition, holds=True) if condition else context.known if is_while else None
        body = context.check_body("", items, at_start=at_start)
        if settings.at_once > 1:
            _check_writes(context, body)
        collect = _check_collect(context, settings, body)
        context.reads.update(body.reads() - set(items) - set(context.node.variables))
        given = _given(settings, collect)
        if settings.failures == "gather":
            context.pass_turns(is_first=False)  # a turn that failed has written what came before
        if condition is not None:
            context.known = context.assumed(condition, holds=False)
        outputs = context.outputs(given)

        def build() -> Action:
            turns = _Turns(context, settings, body, collect)
            bound = context.bind(source) if isinstance(source, Computed) else _nothing
            stream = source() if callable(source) else None
            assign = context.bind_outputs(outputs, given)
            slots = {name: context.given_slot(name) for name in given}

            async def run(frame: Frame, run: Run) -> int:
                outcome = await turns.take(frame, run, bound, stream)
                for name, slot in slots.items():
                    frame[slot] = outcome[name]
                if assign is not None:
                    with computing(run):
                        assign(frame)
                return 0

            return Action(run, waits=True, keeps_deadline=True, writes=True)

        return build


def _nothing(_frame: Frame) -> None:
    return None


def _check_source(context: NodeContext, settings: LoopSettings) -> tuple[Source | None, dict[str, Type]]:
    """Check what the turns are for; give it with the types of the items by their name."""
    given = [each for each in (settings.each, settings.from_, settings.while_) if each is not None]
    if len(given) != 1:
        context.fault("MF-D102", "A loop has one of `each`, `from` and `while`.", help="give one of them")
        return None, {settings.item: ANY}
    if settings.from_ is not None:
        return _check_stream(context, settings)
    if settings.while_ is not None:
        text = formula_of(settings.while_)
        if text is None:
            context.fault("MF-D102", "`while` is a formula.", "while", help="begin it with `=`")
            return None, {}
        if settings.at_once > 1:
            context.fault("MF-D102", "Turns of `while` follow each other.", "at_once", help="take `at_once` away")
        context.pass_turns(is_first=True)
        condition = context.formula(text, "while", expected=optional(BOOLEAN))
        if condition is None:
            context.leave_untold(text)
        return condition, {}
    computed = context.setting(settings.each, "each", expected=optional(ANY_LIST))
    if computed is None:
        return None, {settings.item: ANY}
    kind = computed.type
    return computed, {settings.item: kind.item if isinstance(kind, ListType) else ANY}


def _check_stream(context: NodeContext, settings: LoopSettings) -> tuple[Source | None, dict[str, Type]]:
    inner = context.source(settings.from_, "from")
    if inner is None:
        return None, {settings.item: ANY}
    node_type = context.library.node_types[inner.node.type]
    assert hasattr(node_type, "prepare_stream"), "a source is of a kind that gives items one by one"
    kind, build = node_type.prepare_stream(inner)
    return build, {settings.item: kind}


def _check_writes(context: NodeContext, body: Body) -> None:
    """Report what turns that run side by side write into variables of the flow: it would be lost with their copies."""
    own = context.node.variables
    for name, path in body.writes():
        if name not in own:
            message = f'Turns that run side by side cannot write "{name}" of the flow.'
            help_text = "declare it in `variables:` of the loop and give it by `collect`"
            context.faults.add("MF-D103", message, path, at_key=True, help=help_text)


def _check_collect(context: NodeContext, settings: LoopSettings, body: Body) -> Computed | None:
    text = formula_of(settings.collect)
    if text is None:
        if settings.collect is not None:
            context.fault("MF-D102", "`collect` is a formula.", "collect", help="begin it with `=`")
        return None
    computed = check_formula(text, body.scope_at_end, (*context.path, "collect"), context.faults)
    if computed is not None:
        context.told.note(computed, body.scope_at_end)
    return computed


def _given(settings: LoopSettings, collect: Computed | None) -> dict[str, Type]:
    given: dict[str, Type] = {"count": NUMBER}
    if collect is not None:
        gathers = settings.failures == "gather"
        given["results"] = ListType(optional(collect.type) if gathers else collect.type)
    if settings.failures == "gather":
        given["failures"] = ListType(_FAILURE)
    return given


class _Turns:
    """The bound form of a loop: what is done at the beginning and the end of each turn."""

    def __init__(self, context: NodeContext, settings: LoopSettings, body: Body, collect: Computed | None) -> None:
        slots = context.layout.slots
        self._block = body.build()
        self._is_while = settings.while_ is not None
        self._item_slot = slots.get(settings.item, -1) if not self._is_while else -1
        self._number_slot = slots[settings.number] if settings.number else -1
        self._own = tuple((slots[name], ref.is_list) for name, ref in context.node.variables.items())
        self._collect: Evaluate | None = context.bind(collect) if collect is not None else None
        self._gathers = settings.failures == "gather"
        self._at_once = settings.at_once

    async def take(self, frame: Frame, run: Run, source: Evaluate, stream: Stream | None) -> Mapping[str, Any]:
        """Take all turns; give what the loop gives by name."""
        results: dict[int, Any] = {}
        failures: list[tuple[int, dict[str, Any]]] = []
        count = 0

        def end(own: Frame, number: int, failure: ExecutionError | None) -> None:
            nonlocal count
            count = max(count, number)
            if failure is not None:
                failures.append((number, _context_of(number, failure)))
                results[number] = None
            elif self._collect is not None:
                results[number] = self._collect(own)

        loop = Loop(run, self._block, self._begin, end, gathers=self._gathers)
        if stream is not None:
            async with aclosing(stream(frame, run)) as items:
                await self._go(loop, frame, items)
        elif self._is_while:
            await loop.in_turn(frame, _while(frame, run, source))
        else:
            await self._go(loop, frame, _items(frame, run, source))
        return {
            "count": Decimal(count),
            "results": [results[number] for number in sorted(results)],
            "failures": [failure for _, failure in sorted(failures, key=lambda each: each[0])],
        }

    async def _go(self, loop: Loop, frame: Frame, items: Items) -> None:
        if self._at_once == 1:
            await loop.in_turn(frame, items)
        else:
            await loop.side_by_side(frame, items, self._at_once)

    def _begin(self, frame: Frame, number: int, item: Any) -> None:
        if self._item_slot >= 0:
            frame[self._item_slot] = item
        if self._number_slot >= 0:
            frame[self._number_slot] = Decimal(number)
        for slot, is_list in self._own:
            frame[slot] = [] if is_list else None


def _items(frame: Frame, run: Run, source: Evaluate) -> Iterable[Any]:
    with computing(run):
        found = source(frame)
    if found is None:
        return ()
    if not isinstance(found, list):
        raise NodeError(f"`each` gave a {type(found).__name__}, not a list.", kind="loop")
    return found


def _while(frame: Frame, run: Run, condition: Evaluate) -> Iterator[None]:
    """Give nothing in particular for as long as the condition is true; null counts as false."""
    while True:
        with computing(run):
            value = condition(frame)
        if value is not True:
            if value is not False and value is not None:
                raise NodeError(f"`while` gave a {type(value).__name__}, not true or false.", kind="formula")
            return
        yield None


def _context_of(number: int, failure: ExecutionError) -> dict[str, Any]:
    data = failure.data if isinstance(failure, NodeError) else {}
    return {
        "turn": Decimal(number), "kind": failure.kind, "code": failure.code, "message": failure.sentence, "data": data,
    }  # fmt: skip
