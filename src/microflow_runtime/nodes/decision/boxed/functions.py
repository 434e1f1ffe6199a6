"""Boxed functions, those of business knowledge models among them, and what calls them."""

from microflow_runtime.compiler.decisions.dmn import EXPRESSIONS, Element
from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.errors import FeelError, NodeError
from microflow_runtime.feel import ANY, FunctionType, FunctionValue, Type, Value, is_assignable, optional, required
from microflow_runtime.feel.faults import Failure, LimitFailure
from microflow_runtime.feel.operations import invoke
from microflow_runtime.nodes.decision.boxed.checker import Boxed, BoxedChecker, BoxedScope, failed, fitting
from microflow_runtime.nodes.decision.boxed.slots import Slots

_NO_FUNCTION = "what is called is no function"


def function_definition(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check a function whose body is an expression; one in another language is a fault."""
    kind = element.get("kind")
    if kind not in {"", "FEEL"}:
        help_text = "write FEEL, or call a function of the operator by a node of type code"
        checker.fault(f"The function is one of {kind}, which is not run.", element, help_text)
        return None
    parameters = {}
    for each in element.named("formalParameter"):
        parameter = " ".join(each.get("name").split())
        if not parameter or parameter in parameters:
            checker.faults.add("MF-D187", "The parameters of a function need names that differ.", each.path)
        parameters[parameter] = optional(checker.types.of(each.get("typeRef"), each.path).type)
    names = tuple(parameters)
    body = checker.check_inside(element, scope.inside(parameters), name)
    if body is None:
        return None
    # a function type tells what may be given: a parameter that takes null takes what may be missing
    function = FunctionType(tuple(parameters.values()), body.type, names=names)
    fits = [
        None if declared is ANY else fitting(required(declared), f'"{name}": the argument "{parameter}" does not fit')
        for parameter, declared in parameters.items()
    ]

    def bind(slots: Slots) -> Evaluate:
        inner, places = slots.inside(names)
        evaluate = body.bind(inner)

        def make(frame: Frame) -> FunctionValue:
            seen = list(frame)

            def call(*arguments: Value) -> Value:
                own = list(seen)
                for place, fit, argument in zip(places, fits, arguments, strict=True):
                    own[place] = argument if fit is None else fit(argument)
                return evaluate(own)

            return FunctionValue(names, call, function)

        return make

    return Boxed(function, bind)


def invocation(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check the call of a function whose arguments are given by name; one that is not given is missing."""
    callee = checker.check_inside(element, scope, name)
    given: dict[str, Boxed] = {}
    good = callee is not None
    for binding in element.named("binding"):
        parameter = binding.find("parameter")
        key = " ".join(parameter.get("name").split()) if parameter is not None else ""
        is_empty = not any(binding.named(*EXPRESSIONS))
        boxed = None if is_empty else checker.check_inside(binding, scope, name)
        if boxed is not None:
            given[key] = boxed
        good = good and (is_empty or boxed is not None)
    if callee is None or not good:
        return None
    kind = required(callee.type)
    if isinstance(kind, FunctionType):
        if not _arguments_fit(checker, element, kind, given):
            return None
    elif kind is not ANY:
        checker.faults.add("MF-D187", f"The invocation calls {kind}, which is no function.", element.path)
        return None
    result = kind.result if isinstance(kind, FunctionType) else ANY

    def bind(slots: Slots) -> Evaluate:
        find = callee.bind(slots)
        bound = {key: boxed.bind(slots) for key, boxed in given.items()}

        def compute(frame: Frame) -> Value:
            function = find(frame)
            if type(function) is not FunctionValue:
                raise NodeError(f'decision "{name}": {_NO_FUNCTION}.', kind="formula")
            arguments = [bound[each](frame) if each in bound else None for each in function.names]
            try:
                return invoke(function, arguments)
            except (FeelError, Failure, LimitFailure) as error:
                raise failed(f'decision "{name}": the invocation', error) from error

        return compute

    return Boxed(result, bind)


def _arguments_fit(checker: BoxedChecker, element: Element, kind: FunctionType, given: dict[str, Boxed]) -> bool:
    """Check arguments against the parameters, where those are known."""
    if kind.names is None or kind.parameters is None:
        return True
    wanted: dict[str, Type] = dict(zip(kind.names, kind.parameters, strict=True))
    good = True
    for key, boxed in given.items():
        if key not in wanted:
            shown = ", ".join(kind.names) or "none"
            checker.faults.add(
                "MF-D187", f'The function has no parameter "{key}"; its parameters are {shown}.', element.path
            )
            good = False
        elif not is_assignable(boxed.type, optional(wanted[key])):
            message = f'The parameter "{key}" takes {wanted[key]}, not {boxed.type}.'
            checker.faults.add("MF-D187", message, element.path)
            good = False
    return good
