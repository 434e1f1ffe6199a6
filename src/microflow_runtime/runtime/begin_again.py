"""Changes of what serves begin again when another machine has published in between, or databases have to be made first."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from microflow_runtime.runtime.data_sources import DatabasesWanted
from microflow_runtime.store import EpochTaken
from microflow_runtime.telemetry import get_log

_TRIES: Final = 8
_log: Final = get_log("runtime")
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
_Change = Callable[_Given, Coroutine[Any, Any, _Result]]


def begins_again(change: "_Change[_Given, _Result]") -> "_Change[_Given, _Result]":
    """Carry out a change anew, a few times, when its epoch was taken; and after making the databases that it wants.

    The refresh lock orders the changes of one machine, so this happens only where several share a store. The change must
    begin from the newest catalog of the store and must not have changed anything before it publishes.
    """

    @wraps(change)
    async def run(*given: _Given.args, **named: _Given.kwargs) -> _Result:
        turn = 1
        made: list[DatabasesWanted] = []
        try:
            while True:
                try:
                    return await change(*given, **named)
                except DatabasesWanted as wanted:  # not a turn: each is made once
                    made.append(wanted)
                    await asyncio.to_thread(wanted.make)
                except EpochTaken as error:
                    if turn == _TRIES:
                        raise
                    _log.info("another machine has published first", turn=turn, reason=error.message)
                    turn += 1
        finally:
            for each in made:
                each.discard()

    return run
