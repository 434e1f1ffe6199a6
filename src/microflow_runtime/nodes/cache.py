"""`cache`: keeps a value for a time, for all executions of the app on all workers, or gives one that was kept.

A value is kept under a key in a space of the app, as JSON of its declared type. One that does not fit the type any more
counts as not there. It is a cache: a value may be gone before its time, and it is no part of any transaction.
The vendor has no such node.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from microflow_runtime.compiler.business_objects import Misfit, Notes, ValueShape, decode_json, encode_json, shape_of
from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Assign, Frame
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.errors import BadRequest, NodeError, StoreError
from microflow_runtime.feel import ANY, BOOLEAN, Type, format_number, optional, required
from microflow_runtime.model.type_ref import TypeRef

MOST_KEY_CHARACTERS: Final = 512
MOST_VALUE_BYTES: Final = 1024 * 1024
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class CacheSettings(msgspec.Struct, frozen=True, rename={"kept_for": "for"}):
    """What is done with which value."""

    command: Annotated[
        Literal["get", "put", "remove"], msgspec.Meta(description="Give a kept value, keep one, or forget one.")
    ]
    space: Annotated[
        str, msgspec.Meta(description="A name of the app's own that keeps keys apart.", min_length=1, max_length=100)
    ]
    key: Annotated[Any, msgspec.Meta(description="What the value is kept under: a text or a number, mostly a formula.")]
    holds: Annotated[
        str | list[str] | None,
        msgspec.Meta(description="The type of the value, as `Rate` or `[Rate]`; a `remove` needs none."),
    ] = None
    value: Annotated[Any, msgspec.Meta(description="What a `put` keeps, mostly a formula.")] = None
    kept_for: Annotated[
        str,
        msgspec.Meta(
            description="How long a `put` keeps it: `30s`, `5m`, `12h`, `7d`.",
            pattern=r"^$|^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$",
        ),
    ] = ""


class CacheNode:
    """Keeps, gives or forgets a value."""

    name: ClassVar[str] = "cache"
    settings: ClassVar[type[msgspec.Struct]] = CacheSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check key, type and value, and that the command has what it needs and nothing else."""
        settings: CacheSettings = context.settings
        if context.node.inputs:
            context.fault("MF-D070", "A cache node takes no `in`.", "in", at_key=True, help="give the value at `value`")
        ref = _check_command(context, settings)
        key = context.setting(settings.key, "key")
        kind = context.types.of(ref) if ref is not None else ANY
        value = None
        if settings.command == "put" and settings.value is not None:
            value = context.setting(settings.value, "value", expected=optional(kind))
        given: dict[str, Type] = {}
        if settings.command == "get":
            given = {"value": optional(required(kind)), "found": BOOLEAN}
        outputs = context.outputs(given)

        def build() -> Action:
            assert key is not None
            space = f"{context.library.app.name}/{settings.space}"
            place = _Place(space, context.bind(key))
            assign = context.bind_outputs(outputs, given)
            if settings.command == "remove":
                return _remove(place, assign)
            assert ref is not None
            shape = shape_of(TypeRef(ref.name, is_list=ref.is_list), context.classes)
            if settings.command == "get":
                return _get(place, shape, (context.given_slot("value"), context.given_slot("found")), assign)
            assert value is not None
            return _put(place, shape, context.bind(value), _seconds(settings.kept_for), assign)

        return build


def _check_command(context: NodeContext, settings: CacheSettings) -> TypeRef | None:
    """Check that a command has the settings it needs and none of the others'; give the declared type."""
    needed = {"get": ("holds",), "put": ("holds", "value", "for"), "remove": ()}[settings.command]
    given = {"holds": settings.holds, "value": settings.value, "for": settings.kept_for or None}
    for name, written in given.items():
        if name in needed and written is None:
            context.fault("MF-D107", f"The command {settings.command} needs `{name}`.", help=f"add `{name}: …`")
        elif name not in needed and written is not None:
            context.fault("MF-D107", f"The command {settings.command} takes no `{name}`.", name, at_key=True)
    return context.declared_type(settings.holds, "holds") if settings.holds is not None else None


class _Place:
    """Where the value of an execution is kept."""

    def __init__(self, space: str, key: Evaluate) -> None:
        self.space = space
        self._key = key

    def key(self, frame: Frame) -> str:
        """Give the key, a text; a number and a text that look alike are different keys."""
        value = self._key(frame)
        if isinstance(value, str):
            text = f"t{value}"
        elif isinstance(value, Decimal):
            text = f"n{format_number(value)}"
        else:
            raise NodeError("the key is neither a text nor a number.", kind="cache")
        if len(text) > MOST_KEY_CHARACTERS or "\0" in text:
            raise NodeError(f"the key has more than {MOST_KEY_CHARACTERS} characters, or a NUL.", kind="cache")
        return text


def _get(place: _Place, shape: ValueShape, slots: tuple[int, int], assign: Assign | None) -> Action:
    value_slot, found_slot = slots

    async def run(frame: Frame, run: Run) -> int:
        with computing(run):
            key = place.key(frame)
        try:
            kept = await run.resources.get_cached(place.space, key)
        except StoreError as error:
            raise _unreachable(error) from error
        value = None if kept is None else _read(kept, shape)
        frame[value_slot], frame[found_slot] = value, value is not None
        if assign is not None:
            with computing(run):
                assign(frame)
        return 0

    return Action(run, waits=True)


def _put(place: _Place, shape: ValueShape, evaluate: Evaluate, seconds: float, assign: Assign | None) -> Action:
    async def run(frame: Frame, run: Run) -> int:
        with computing(run):
            key = place.key(frame)
            value = evaluate(frame)
        body = _written(value, shape)
        try:
            if body is None:
                await run.resources.remove_cached(place.space, key)
            else:
                await run.resources.put_cached(place.space, key, body, seconds)
        except StoreError as error:
            raise _unreachable(error) from error
        if assign is not None:
            with computing(run):
                assign(frame)
        return 0

    return Action(run, waits=True)


def _remove(place: _Place, assign: Assign | None) -> Action:
    async def run(frame: Frame, run: Run) -> int:
        with computing(run):
            key = place.key(frame)
        try:
            await run.resources.remove_cached(place.space, key)
        except StoreError as error:
            raise _unreachable(error) from error
        if assign is not None:
            with computing(run):
                assign(frame)
        return 0

    return Action(run, waits=True)


def _read(kept: bytes, shape: ValueShape) -> Any:
    """Give the value; None when it is none of the type, as after the type has changed."""
    try:
        return shape.read(decode_json(kept), Notes())
    except (Misfit, BadRequest):
        return None


def _written(value: Any, shape: ValueShape) -> bytes | None:
    """Give what is kept of a value; None for null, which is not kept. Raises NodeError when it does not fit."""
    if value is None:
        return None
    try:
        taken = shape.adopt(value)
        body = encode_json(taken if shape.write is None else shape.write(taken))
    except Misfit as misfit:
        raise NodeError(f"{misfit.under('value').sentence()}.", kind="cache") from misfit
    if _read(body, shape) != taken:
        raise NodeError("the value cannot be kept exactly, as it has too many digits or levels.", kind="cache")
    if len(body) > MOST_VALUE_BYTES:
        raise NodeError(f"the value has {len(body)} bytes; at most {MOST_VALUE_BYTES} are kept.", kind="cache")
    return body


def _unreachable(error: StoreError) -> NodeError:
    return NodeError(error.message, kind="cache", retryable=True)


def _seconds(written: str) -> float:
    number = written.rstrip("msdh")
    return float(number) * _UNITS[written[len(number) :]]
