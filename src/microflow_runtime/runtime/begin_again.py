"""Changes of what serves begin again when another machine has published in between."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from microflow_runtime.store import EpochTaken
from microflow_runtime.telemetry import get_log

_TRIES: Final = 8
_log: Final = get_log("runtime")
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
_Change = Callable[_Given, Coroutine[Any, Any, _Result]]


def begins_again(change: "_Change[_Given, _Result]") -> "_Change[_Given, _Result]":
    """Carry out a change anew, a few times, when its epoch was taken.

    The refresh lock orders the changes of one machine, so this happens only where several share a store. The change must
    begin from the newest catalog of the store and must not have changed anything before it publishes.
    """

    @wraps(change)
    async def run(*given: _Given.args, **named: _Given.kwargs) -> _Result:
        for turn in range(1, _TRIES):
            try:
                return await change(*given, **named)
            except EpochTaken as error:
                _log.info("another machine has published first", turn=turn, reason=error.message)
        return await change(*given, **named)

    return run
