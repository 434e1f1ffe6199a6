"""One transaction for each data source of an execution: opened on first use, ended all together."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

from microflow_runtime.engine.contract import Resources
from microflow_runtime.engine.sql import SqlConnection
from microflow_runtime.errors import MicroflowError, NodeError
from microflow_runtime.model.app import App


class Transactions:
    """The open transactions of one execution, sub flows included. Must be ended by `commit` or `rollback`."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._stack = AsyncExitStack()
        self._open: dict[tuple[str, str], list[tuple[App, SqlConnection]]] = {}
        self._opening = asyncio.Lock()

    async def connection(self, app: App, source: str) -> SqlConnection:
        """Give the execution's connection to a data source, beginning its transaction on first use.

        Flows of one app, as a folder's and those of a snapshot that it calls, share it where they define the source alike.
        A package is asked for its grant although somebody else has opened it. Raises NodeError.
        """
        connection = self._find(app, source)
        if connection is not None:
            if app.is_package:
                await self._resources.require_data_source(app, source)
            return connection
        async with self._opening:  # branches and turns may ask for their first connection at once
            connection = self._find(app, source)
            if connection is None:
                opened = self._resources.open_transaction(app, source)
                connection = await self._stack.enter_async_context(opened)
                self._open.setdefault((app.name, source), []).append((app, connection))
        return connection

    def _find(self, app: App, source: str) -> SqlConnection | None:
        for opened_by, connection in self._open.get((app.name, source), ()):
            if opened_by is app or _defined_alike(opened_by, app, source):
                return connection
        return None

    def _all(self) -> list[tuple[str, SqlConnection]]:
        """Give the open connections with the names of their sources, in the order of these."""
        return [(source, each) for (_, source), opened in sorted(self._open.items()) for _, each in opened]

    async def commit(self) -> None:
        """Commit all in the order of their names. Several sources are not atomic together: a half-way failure says so.

        Raises NodeError of kind `database` when a commit fails; the sources after it are rolled back. Goes on to its end
        when the task is being cancelled meanwhile.
        """
        await to_the_end(self._commit_all())

    async def _commit_all(self) -> None:
        done: list[str] = []
        try:
            for source, connection in self._all():
                try:
                    await connection.commit()
                except MicroflowError as error:
                    kept = f"; already committed: {', '.join(done)}" if done else ""
                    raise NodeError(
                        f'The data source "{source}" could not commit: {error.message}{kept}', kind="database"
                    ) from error
                done.append(source)
        finally:
            await self._close()

    async def rollback(self) -> None:
        """Undo everything and give the connections back, also when the task is being cancelled."""
        await to_the_end(self._rollback_all())

    async def _rollback_all(self) -> None:
        try:
            for _, connection in self._all():
                await connection.rollback()
        finally:
            await self._close()

    async def _close(self) -> None:
        self._open.clear()
        await self._stack.aclose()


def _defined_alike(one: App, other: App, source: str) -> bool:
    return one.data_sources[source] == other.data_sources[source] and one.environments == other.environments


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Do the work, and go on with it when whoever waits for it is cancelled; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        _ = task.cancelled() or task.exception()  # seen; the cancellation is what the caller is told
        raise
