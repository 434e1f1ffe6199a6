"""What nodes want done after the commit: noted while the flow runs, done when its changes last, forgotten when they do not."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter_ns
from typing import Final

from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.engine.masked_sentences import masker
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.scopes import Effect
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.errors import MicroflowError, NodeError
from microflow_runtime.telemetry import get_log

KIND: Final = "after commit"
_GRACE_SECONDS: Final = 0.4
"""How long something may take that is begun when the time of the execution is over: the commit stands by then."""
_log: Final = get_log("engine")


class AfterCommit:
    """Notes what one node wants done. Made when the node is built."""

    def __init__(self, context: NodeContext) -> None:
        self._title = f'{context.node.type} "{context.node.name}"'
        self._sensitive = context.find_sensitive()

    def note(self, run: Run, work: Callable[[], Awaitable[object]]) -> None:
        """Have the work done when everything has been committed. All of its values have been computed."""
        with computing(run):
            masked = masker(run, self._sensitive)
        run.find_scope().effects.append(Effect(f"{run.plan.name}, {self._title}", work, masked))


def refuse_outputs(context: NodeContext) -> None:
    """Report an `out` of a node that acts after the commit: by then nobody reads it."""
    if context.node.outputs:
        message = "What is done after the commit gives nothing, so this node takes no `out`."
        context.fault("MF-D070", message, "out", at_key=True, help="delete it, or leave `after: commit` out")


async def act_after_commit(run: Run) -> None:
    """Do everything that was noted, in its order, each once. One that fails keeps none of the others from being done.

    Raises NodeError of kind `after commit` that names those that failed.
    """
    assert run.scope is not None
    failed: list[str] = []
    for effect in run.scope.effects:
        left = (run.deadline_ns - perf_counter_ns()) / 1e9
        try:
            async with asyncio.timeout(max(left, _GRACE_SECONDS)):
                await effect.work()
        except (MicroflowError, TimeoutError) as error:
            told = error.message if isinstance(error, MicroflowError) else "it took too long."
            failed.append(f"{effect.title}: {effect.masked(told)}")
            _log.error("failed after the commit", execution=run.execution_id, error=failed[-1])
    if failed:
        raise NodeError(f"Everything is committed, but this failed after it: {' '.join(failed)}", kind=KIND)
