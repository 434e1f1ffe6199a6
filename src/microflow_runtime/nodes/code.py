"""`code`: calls a Python function of the operator in a process of its own.

The function is known by the name under which an installed distribution declares it as an entry point. Its output mapping
sees `result`, which is of the type that `returns` declares. Errors are of the kinds `code` (the function raised; the data
has `type` and `message`), `code.value`, `code.load`, `code.crash`, `code.busy` and `permission`.
Source: ONEWEB, Java Task (a class and a method out of a JAR of the app); ours is trusted code that the operator installs.
"""

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from time import perf_counter_ns
from typing import Annotated, Any, ClassVar, Final

import msgspec

from microflow_runtime.code import Call, CodeReply, CodeRequest, installed_functions
from microflow_runtime.code.wire import CHUNK, NUMBER, CodeTypes
from microflow_runtime.compiler.business_objects import BoClass, Misfit, Notes, ValueShape, exact_number, shape_of
from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.formulas import Computed, Evaluate, check_literal
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.engine.masked_sentences import mask_sentence
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import Type
from microflow_runtime.model.type_ref import TypeRef
from microflow_runtime.telemetry import get_log

_log: Final = get_log("code")
_OWN: Final = "call"
"""The parameter by which a function asks for the call that it is part of."""
_encode: Final = msgspec.msgpack.Encoder().encode


class CodeSettings(msgspec.Struct, frozen=True):
    """Which function, and what goes in and out."""

    function: Annotated[
        str, msgspec.Meta(description="The name under which an installed distribution declares the function.")
    ]
    takes: Annotated[
        dict[str, str | list[str]],
        msgspec.Meta(
            description="The function's parameters by name, each with its type: `Order`, `decimal?`, `[Line]`."
        ),
    ] = {}
    returns: Annotated[
        str | list[str] | None,
        msgspec.Meta(description="The type of what it gives; without it nothing is taken from it."),
    ] = None


class CodeNode:
    """Calls the function."""

    name: ClassVar[str] = "code"
    settings: ClassVar[type[msgspec.Struct]] = CodeSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check that the function is there, and its parameters, values and result; nothing of it is run or imported."""
        settings: CodeSettings = context.settings
        _check_function(context, settings.function)
        takes: dict[str, TypeRef] = {}
        for name, written in settings.takes.items():
            if not name.isidentifier() or name == _OWN:
                message = f'No parameter of a function can be given by the name "{name}".'
                context.fault("MF-D202", message, "takes", name, at_key=True)
            ref = context.declared_type(written, "takes", name)
            if ref is not None:
                takes[name] = ref
        values = _check_inputs(context, settings.takes, takes)
        returns = context.declared_type(settings.returns, "returns") if settings.returns is not None else None
        given: dict[str, Type] = {"result": context.types.of(returns)} if returns is not None else {}
        outputs = context.outputs(given)

        def build() -> Action:
            parameters = tuple(
                _Parameter(name, shape_of(ref, context.classes), context.bind(values[name]) if name in values else None)
                for name, ref in takes.items()
            )
            types = _encode(
                CodeTypes(
                    {name: _written(ref) for name, ref in takes.items()}, _objects(takes.values(), context.classes)
                )
            )
            result = shape_of(returns, context.classes) if returns is not None else None
            slot = context.given_slot("result") if returns is not None else -1
            assign = context.bind_outputs(outputs, given)
            return _action(context, settings.function, types, parameters, result, slot, assign)

        return build


def _check_function(context: NodeContext, name: str) -> None:
    found = installed_functions()
    places = found.get(name, ())
    if not places:
        message = f'No installed distribution declares the function "{name}".'
        known = f"there are: {', '.join(found)}" if found else "there is none"
        context.fault("MF-D200", message, "function", help=did_you_mean(name, found) or known)
    elif len(places) > 1:
        message = f'The function "{name}" is declared more than once: {", ".join(places)}.'
        context.fault("MF-D201", message, "function", help="remove one of the distributions")


def _check_inputs(
    context: NodeContext, declared: Mapping[str, Any], takes: Mapping[str, TypeRef]
) -> dict[str, Computed]:
    checked: dict[str, Computed] = {}
    for name, value in context.node.inputs.items():
        ref = takes.get(name)
        if ref is None:
            if name not in declared:
                message = f'The function takes no "{name}".'
                help_text = did_you_mean(name, declared) or f"add `takes: {{{name}: …}}`"
                context.fault("MF-D065", message, "in", name, at_key=True, help=help_text)
            continue
        if formula_of(value) is not None:
            computed = context.setting(value, "in", name, expected=context.types.of(ref))
        else:
            shape = shape_of(ref, context.classes)
            computed = check_literal(value, shape, (*context.path, "in", name), context.faults)
        if computed is not None:
            checked[name] = computed
    for name, ref in takes.items():
        if name not in context.node.inputs and not (ref.is_optional or ref.is_list):
            message = f'The parameter "{name}" has no value.'
            context.fault("MF-D203", message, "takes", name, at_key=True, help=f"add `in: {{{name}: = …}}`")
    return checked


def _written(ref: TypeRef) -> str:
    return f"[{ref.name}]" if ref.is_list else ref.name


def _objects(refs: Any, classes: Mapping[str, BoClass]) -> dict[str, dict[str, str]]:
    """Give the fields of the Business Objects that types reach, each with its type."""
    found: dict[str, dict[str, str]] = {}
    waiting = [ref.name for ref in refs if not ref.is_simple]
    while waiting:
        name = waiting.pop()
        if name not in found:
            fields = classes[name].definition.fields
            found[name] = {field.name: _written(field.type) for field in fields}
            waiting += [field.type.name for field in fields if not field.type.is_simple]
    return found


class _Parameter:
    """One parameter of the function: how its value is computed, checked and written."""

    def __init__(self, name: str, shape: ValueShape, evaluate: Evaluate | None) -> None:
        self.name = name
        self._shape = shape
        self._evaluate = evaluate

    def compute(self, frame: Frame) -> Any:
        """Give the value; where `in` has none, null or an empty list."""
        if self._evaluate is not None:
            value = self._evaluate(frame)
            if value is not None:
                return value
        return [] if self._shape.type.is_list else None

    async def chunks(self, value: Any) -> list[bytes]:
        """Give the value as it travels; others get on between the pieces of a long list. Raises NodeError."""
        try:
            if not self._shape.type.is_list or type(value) is not list:
                return [self._encoded(value)]
            found: list[bytes] = []
            for start in range(0, len(value), CHUNK):
                if start:
                    await asyncio.sleep(0)
                found.append(self._encoded(value[start : start + CHUNK]))
        except Misfit as misfit:
            raise NodeError(f"{misfit.under(self.name).sentence()}.", kind="code.value") from misfit
        return found

    def _encoded(self, value: Any) -> bytes:
        shape = self._shape
        if value is None:
            if not shape.type.is_optional:
                raise Misfit(f"a {shape.type.name}", "nothing")
            return _encode(None)
        taken = shape.adopt(value)
        return _encode(taken if shape.write is None else shape.write(taken))


def _number(code: int, digits: memoryview) -> Decimal:
    if code != NUMBER:
        raise ValueError("this is no value of a function")
    return exact_number(bytes(digits).decode())


_decode: Final = msgspec.msgpack.Decoder(ext_hook=_number).decode


async def _read(reply: CodeReply, shape: ValueShape) -> Any:
    """Give the value of a reply by its declared type; others get on between its pieces. Raises NodeError."""
    try:
        if not reply.is_list:
            value = _decode(reply.chunks[0])
            if value is not None:
                return shape.read(value, Notes())
            if shape.type.is_list:
                return []
            if shape.type.is_optional:
                return None
            raise Misfit(f"a {shape.type.name}", "nothing")
        if not shape.type.is_list:
            raise Misfit(f"a {shape.type.name}", "a list")
        return await _read_list(reply.chunks, shape)
    except Misfit as misfit:
        raise NodeError(f"{misfit.under('result').sentence()}.", kind="code.value") from misfit
    except ValueError as error:
        raise NodeError("the function gave a number out of bounds.", kind="code.value") from error


async def _read_list(chunks: list[bytes], shape: ValueShape) -> list[Any]:
    result: list[Any] = []
    for chunk in chunks:
        if result:
            await asyncio.sleep(0)
        try:
            result += shape.read(_decode(chunk), Notes())
        except Misfit as misfit:
            index, *inner = misfit.path
            misfit.path = (int(index) + len(result), *inner)
            raise
    return result


def _tell(call: Call, function: str, error: NodeError, trace: str) -> None:
    """Tell the log where a function failed."""
    flow = f"{call.app}/{call.flow}"
    _log.warning(
        "function failed",
        function=function,
        execution=call.execution_id,
        flow=flow,
        node=call.node,
        kind=error.kind,
        trace=trace,
    )


def _action(
    context: NodeContext,
    function: str,
    types: bytes,
    parameters: tuple[_Parameter, ...],
    result: ValueShape | None,
    slot: int,
    assign: Callable[[Frame], None] | None,
) -> Action:
    app, node_name = context.library.app, context.node.name
    sensitive = context.find_sensitive()
    timeout_ns = int((context.node.timeout_seconds or 0) * 1e9)

    async def run(frame: Frame, run: Run) -> int:
        principal = run.principal
        if not principal.may("code", function, "use"):
            raise NodeError(f'"{principal.username}" may not use the function "{function}".', kind="permission")
        with computing(run):
            values = [(each, each.compute(frame)) for each in parameters]
        arguments = {each.name: await each.chunks(value) for each, value in values}
        deadline = run.deadline_ns
        if timeout_ns:
            deadline = min(deadline, perf_counter_ns() + timeout_ns)
        call = Call(
            username=principal.username,
            roles=tuple(principal.roles),
            app=run.plan.app,
            flow=run.plan.name,
            node=node_name,
            execution_id=run.execution_id,
            deadline_ns=deadline,
        )
        try:
            reply = await run.resources.call_code(app, CodeRequest(function, types, arguments, call))
        except NodeError as error:
            if error.trace:
                with computing(run):
                    _tell(call, function, error, mask_sentence(run, error.trace, sensitive))
            raise
        if result is not None:
            frame[slot] = await _read(reply, result)
        if assign is not None:
            with computing(run):
                assign(frame)
        return 0

    return Action(run, waits=True, repeats=False)
