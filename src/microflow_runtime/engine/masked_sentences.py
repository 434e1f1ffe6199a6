"""Sentences of failures without what is sensitive: every sentence of a node goes through here once, when it has failed.

Whoever made the sentence (a formula, a database, a mail server, a function) knew the value and not that it is sensitive.
What is known here are the values themselves: those of sensitive fields in the variables of the run and of its callers,
and those that the node's formulas make of them. They are masked wherever the sentence holds them, or a long piece of one.
"""

import math
from collections.abc import Callable, Iterator
from traceback import format_exception
from typing import Any, Final

from microflow_runtime.compiler.business_objects import Misfit, hidden
from microflow_runtime.compiler.plan import Plan, PlanNode, Sensitive
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.value_texts import TooMany, ValueTexts
from microflow_runtime.errors import DeadlineExceeded, ExecutionError, FeelError, LimitExceeded, NodeError
from microflow_runtime.feel import FeelLimitError, set_deadline
from microflow_runtime.model.type_ref import TypeRef

_HIDDEN_FORMULA: Final = "what it found is hidden, for it reads what is sensitive"
_HIDDEN: Final = "what went wrong is hidden, for there is too much that is sensitive to look through."
_SENTENCES: Final = ("message", "text")
"""What of an error's data are sentences of others; the rest is what came, which the author's flow works with."""


def mask_failure(run: Run, failure: ExecutionError, error: Exception, node: PlanNode | None = None) -> None:
    """Mask the sentence of a failure, and those in its data, in place. `error` is what the node raised.

    Call it in the surroundings of the run. The failures of limits hold no values and stay as they are. What an author
    throws is masked by the values alone: what the formula of the message makes of them is the author's word.
    """
    if isinstance(failure, LimitExceeded | DeadlineExceeded):
        return
    own = node.sensitive if node is not None else None
    _hide_causes(failure, error, run.plan, own)
    texts = _texts_of(run, own if node is None or node.type != "throw" else None)
    if texts is None or not texts.is_empty:
        _mask_in_place(run, failure, texts)


def mask_sentence(run: Run, sentence: str, own: Sensitive | None = None) -> str:
    """Give a sentence with the sensitive values of a run, of its callers and of one node masked."""
    texts = _texts_of(run, own)
    return _HIDDEN if texts is None else texts.mask(sentence)


def masker(run: Run, own: Sensitive | None) -> Callable[[str], str]:
    """Give what masks sentences by the values that the run and one of its nodes have now."""
    texts = _texts_of(run, own)
    return (lambda _: _HIDDEN) if texts is None else texts.mask


def masked_trace(run: Run, error: BaseException) -> str:
    """Give the trace of a bug as text, with the sensitive values of the run masked."""
    return mask_sentence(run, "".join(format_exception(error)).rstrip())


def _mask_in_place(run: Run, failure: ExecutionError, texts: ValueTexts | None) -> None:
    failure.message = _HIDDEN if texts is None else texts.mask(failure.message)
    if isinstance(failure, NodeError):
        for name in _SENTENCES:
            told = failure.data.get(name)
            if isinstance(told, str):
                failure.data[name] = _HIDDEN if texts is None else texts.mask(told)
    child = run.note.child if run.note is not None else None
    for *_, note in child.steps if child is not None else ():
        if note is not None and note.error:
            note.error = _HIDDEN if texts is None else texts.mask(note.error)


def _hide_causes(failure: ExecutionError, error: Exception, plan: Plan, own: Sensitive | None) -> None:
    """Hide what formulas and misfits tell in the sentence that no list of values would find."""
    for cause in _causes_of(error):
        if isinstance(cause, FeelError) and not isinstance(cause, FeelLimitError) and not cause.is_masked:
            cause.is_masked = True
            if own is not None and cause.text not in own.plain:
                failure.message = failure.message.replace(cause.message, _HIDDEN_FORMULA)
        if isinstance(cause, Misfit) and any(
            isinstance(part, str) and _names_secret(part, plan) for part in cause.path
        ):
            failure.message = failure.message.replace(cause.found, hidden(cause.found))


def _causes_of(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what caused it, each once: a misfit that is raised with a longer path is its own cause."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__


def _names_secret(name: str, plan: Plan) -> bool:
    """Tell whether a sensitive field of the flow has this name: a column of a database or an element of a reply may be meant for it."""
    wanted = name.casefold()
    return any(
        field.sensitive and field.name.casefold() == wanted
        for bo_class in plan.classes.values()
        for field in bo_class.definition.fields
    )


def _texts_of(run: Run, own: Sensitive | None) -> ValueTexts | None:
    """Collect the sensitive values that a sentence may hold; None when there are too many to look for."""
    texts = ValueTexts()
    try:
        for value in _values_of(run, own):
            texts.add(value)
    except (TooMany, FeelLimitError):
        return None
    return texts


def _values_of(run: Run, own: Sensitive | None) -> Iterator[Any]:
    if own is not None:
        yield from _computed(run, own)
    seen: set[int] = set()
    at: Run | None = run
    while at is not None:
        if at.frame and id(at.frame) not in seen:
            seen.add(id(at.frame))
            yield from _in_frame(at)
        at = at.parent


def _computed(run: Run, own: Sensitive) -> list[Any]:
    """Compute once more what the node's formulas made of sensitive values; one that failed made none. Raises FeelLimitError."""
    values = []
    before = set_deadline(math.inf)  # they were computed before, and the time may be over by now
    try:
        for evaluate in own.evaluates:
            try:
                values.append(evaluate(run.frame))
            except FeelLimitError:
                raise
            except FeelError:
                continue
    finally:
        set_deadline(before)
    return values


def _in_frame(run: Run) -> Iterator[Any]:
    plan, frame = run.plan, run.frame
    for path in plan.derived:
        yield from _at(frame[plan.slots[path[0]]], path[1:])
    for name, ref in plan.types.items():
        yield from _in_value(frame[plan.slots[name]], ref, plan)


def _at(value: Any, fields: tuple[str, ...]) -> Iterator[Any]:
    """Give what stands at a path."""
    if isinstance(value, list) and fields:
        for item in value:
            yield from _at(item, fields)
    elif not fields:
        yield value
    elif isinstance(value, dict):
        yield from _at(value.get(fields[0]), fields[1:])


def _in_value(value: Any, ref: TypeRef, plan: Plan) -> Iterator[Any]:
    """Give the values of sensitive fields, however deep they stand."""
    bo_class = plan.classes.get(ref.name)
    if bo_class is None or not bo_class.is_holder:
        return
    for item in value if isinstance(value, list) else (value,):
        if isinstance(item, dict):
            for field in bo_class.definition.fields:
                if field.sensitive:
                    yield item.get(field.name)
                else:
                    yield from _in_value(item.get(field.name), field.type, plan)
