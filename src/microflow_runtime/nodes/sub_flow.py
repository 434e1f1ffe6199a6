"""`sub flow`: calls another flow of the application, as the same caller, in the same transaction and under the same deadline.

Values are handed over by field name; a misfit is an error of kind `mapping`. A failure inside reaches the catches of this
node with its own kind. The callee is the one of the caller's snapshot, or of the published one that is named, whatever is
refreshed meanwhile.
Source: ONEWEB, Sub Flow Task.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from microflow_runtime.compiler.assigned import assigned_at_ends
from microflow_runtime.compiler.business_objects import Misfit, build_classes, shape_of
from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.feel_types import FeelTypes
from microflow_runtime.compiler.formulas import Computed, Evaluate, check_literal
from microflow_runtime.compiler.library import Callee
from microflow_runtime.compiler.mapping import misfit_error
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Assign, Frame, Plan
from microflow_runtime.engine.call import call_plan
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.feel import Type, optional


class SubFlowSettings(msgspec.Struct, frozen=True):
    """Which flow is called, and of which snapshot."""

    flow: Annotated[str, msgspec.Meta(description="The name of a flow of the same application.")]
    snapshot: Annotated[
        str,
        msgspec.Meta(description="The published snapshot that the flow is called of; unless named, the caller's own."),
    ] = ""
    recursive: Annotated[
        bool, msgspec.Meta(description="True where the flow is meant to call itself, at once or by others.")
    ] = False


class SubFlowNode:
    """Calls a flow and maps its outputs."""

    name: ClassVar[str] = "sub flow"
    settings: ClassVar[type[msgspec.Struct]] = SubFlowSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check inputs and outputs against the callee's declarations."""
        name = context.settings.flow
        callee = context.library.find_callee(name, context.settings.snapshot)
        if callee is None:
            _tell_missing(context, name, context.settings.snapshot)
            return _never
        _check_way_back(context, callee, context.settings.recursive)
        types = FeelTypes(callee.business_objects)
        inputs = context.inputs({name: types.of(ref) for name, ref in callee.flow.inputs.items()})
        _read_literals(context, callee, inputs)
        for wanted, ref in callee.flow.inputs.items():
            if wanted not in context.node.inputs and not ref.is_optional and not ref.is_list:
                context.fault(
                    "MF-D075", f'The flow "{name}" needs the input "{wanted}".', help=f"add `in: {{{wanted}: = …}}`"
                )
        given = _outputs_of(callee, types)
        outputs = context.outputs(given)
        return lambda: _build(context, callee, inputs, context.bind_outputs(outputs, given))


def _check_way_back(context: NodeContext, callee: Callee, is_meant: bool) -> None:  # noqa: FBT001 - as the setting
    """Report a call that leads back to its caller, which ends at the limit of depth unless the author saw to it."""
    way = callee.way_back()
    if way and not is_meant:
        me = context.library.flow_name
        ring = " → ".join([me, *(name for name in way if name != me), me])
        help_text = "set `recursive: true` if that is meant, and see that it comes to an end"
        context.fault("MF-D108", f"The flow calls itself: {ring}.", "flow", help=help_text)
    elif is_meant and not way:
        message = "The flow does not call itself by this node."
        context.faults.add("MF-D108", message, (*context.path, "recursive"), at_key=True, is_error=False)


def _tell_missing(context: NodeContext, name: str, snapshot: str) -> None:
    """Say what is not there: the snapshot, or the flow in it."""
    library = context.library
    if not snapshot:
        if name not in library.broken:
            help_text = did_you_mean(name, library.callee_names(""))
            context.fault("MF-D074", f'The application has no flow "{name}".', "flow", help=help_text)
        return
    if library.snapshot_names is None:
        message = f'Whether the snapshot "{snapshot}" has this flow is checked where it is published.'
        context.faults.add("MF-D091", message, (*context.path, "snapshot"), is_error=False)
        return
    published = list(library.snapshot_names())
    if snapshot in published:
        help_text = did_you_mean(name, library.callee_names(snapshot))
        context.fault("MF-D074", f'The snapshot "{snapshot}" has no flow "{name}".', "flow", help=help_text)
    else:
        help_text = did_you_mean(snapshot, published) or "publish it first, or leave `snapshot` out"
        context.fault("MF-D090", f'The application has no published snapshot "{snapshot}".', "snapshot", help=help_text)


def _never() -> Action:
    raise AssertionError("a node with faults is never built")


def _read_literals(context: NodeContext, callee: Callee, inputs: dict[str, Computed]) -> None:
    """Read the literals among the inputs as values of the callee's declared types."""
    literals = [name for name, computed in inputs.items() if computed.formula is None]
    if not literals:
        return
    try:
        classes = build_classes(callee.business_objects.values())
    except Misfit:
        return  # a default that does not fit is told where the Business Object is checked
    for name in literals:
        shape = shape_of(callee.flow.inputs[name], classes)
        given = context.node.inputs[name]
        computed = check_literal(given, shape, (*context.path, "in", name), context.faults)
        inputs[name] = computed or inputs[name]


def _outputs_of(callee: Callee, types: FeelTypes) -> dict[str, Type]:
    """Type the callee's outputs; one that some way to an end leaves unwritten may be missing."""
    surely = assigned_at_ends(callee.flow)
    return {
        name: types.of(ref) if ref.is_list or name in surely else optional(types.of(ref))
        for name, ref in callee.flow.outputs.items()
    }


def _build(context: NodeContext, callee: Callee, inputs: Mapping[str, Computed], assign: Assign | None) -> Action:
    bound: list[tuple[str, Evaluate]] = [(name, context.bind(computed)) for name, computed in inputs.items()]
    slots = {name: context.given_slot(name) for name in callee.flow.outputs}
    get_plan = callee.get_plan
    is_guarded = bool(context.node.catches or context.node.retry)
    sensitive = context.find_sensitive()
    hides_values = sensitive is not None and bool(sensitive.evaluates)

    async def run(frame: Frame, run: Run) -> int:
        plan = get_plan()
        with computing(run):
            values = {name: evaluate(frame) for name, evaluate in bound}
        results = await call_plan(
            run, plan, _handed_over(plan, values), is_guarded=is_guarded, hides_values=hides_values
        )
        for name, slot in slots.items():
            frame[slot] = results[name]
        if assign is not None:
            with computing(run):
                assign(frame)
        return 0

    return Action(run, waits=True, keeps_deadline=True, writes=True)


def _handed_over(plan: Plan, values: Mapping[str, Any]) -> dict[int, Any]:
    """Convert the input values by field name into the callee's own classes, by their places in its frame."""
    taken: dict[int, Any] = {}
    for parameter in plan.inputs:
        value = values.get(parameter.name)
        ref = parameter.shape.type
        try:
            if value is not None:
                taken[parameter.slot] = parameter.shape.adopt(value)
            elif ref.is_list:
                taken[parameter.slot] = []
            elif not ref.is_optional:
                raise Misfit("a value", "nothing")
        except Misfit as misfit:
            raise misfit_error(misfit, parameter.name) from misfit
    return taken
