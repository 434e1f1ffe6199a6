"""Executions, idempotency keys and cached values in memory."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from microflow_runtime.store.memory.contents import Contents, HeldKey, require_storable
from microflow_runtime.store.records import EVERY_EXECUTION, Claim, ExecutionFilter, StoredExecution

_KEPT_CHARACTERS = 256


class MemoryExecutions:
    """See ExecutionStore."""

    _contents: Contents

    async def add_executions(self, executions: Sequence[StoredExecution]) -> None:
        """Keep executions, all or none; what is there under an id stays as it is."""
        require_storable(list(executions))
        for new in executions:
            keys = tuple((name, value[:_KEPT_CHARACTERS]) for name, value in new.search_keys)
            self._contents.executions.setdefault(new.execution_id, msgspec.structs.replace(new, search_keys=keys))

    async def find_execution(self, execution_id: str) -> StoredExecution | None:
        """Give the execution of exactly this id, with its trace."""
        return self._contents.executions.get(execution_id)

    async def list_executions(
        self,
        wanted: ExecutionFilter = EVERY_EXECUTION,
        *,
        before: tuple[datetime, str] | None = None,
        limit: int = 50,
    ) -> list[StoredExecution]:
        """Give executions without their traces, the newest first."""
        chosen = [
            kept
            for kept in self._contents.executions.values()
            if _fits(kept, wanted) and (before is None or (kept.started_at, kept.execution_id) < before)
        ]
        chosen.sort(key=lambda kept: (kept.started_at, kept.execution_id), reverse=True)
        return [msgspec.structs.replace(kept, trace=b"") for kept in chosen[:limit]]

    async def prune_executions(self, started_before: datetime, limit: int = 1000) -> int:
        """Remove the oldest of the executions begun before a time, at most `limit`; give how many."""
        old = [kept for kept in self._contents.executions.values() if kept.started_at < started_before]
        old.sort(key=lambda kept: (kept.started_at, kept.execution_id))
        for kept in old[:limit]:
            del self._contents.executions[kept.execution_id]
        return len(old[:limit])


def _fits(kept: StoredExecution, wanted: ExecutionFilter) -> bool:
    if wanted.search_key is not None:
        name, value = wanted.search_key
        if (name, value[:_KEPT_CHARACTERS]) not in kept.search_keys:
            return False
    return (
        (wanted.since is None or kept.started_at >= wanted.since)
        and (wanted.until is None or kept.started_at < wanted.until)
        and wanted.app in {None, kept.app}
        and wanted.flow in {None, kept.flow}
        and wanted.status in {None, kept.status}
        and wanted.username in {None, kept.username}
    )


class MemoryKeys:
    """See KeyStore."""

    _contents: Contents

    async def claim_key(
        self,
        scope: str,
        key: str,
        *,
        digest: bytes,
        execution_id: str,
        at: datetime,
        lease_ends_at: datetime,
        ends_at: datetime,
    ) -> Claim:
        """Take a key that is free, or whose end has come."""
        require_storable(scope, key, execution_id)
        held = self._contents.keys.get((scope, key))
        if held is not None and held.ends_at > at:
            if held.digest != digest:
                return Claim("used", held.execution_id)
            if held.reply is not None:
                return Claim("done", held.execution_id, held.reply)
            if held.lease_ends_at > at:
                return Claim("running", held.execution_id)
        self._contents.keys[scope, key] = HeldKey(digest, execution_id, lease_ends_at, ends_at)
        return Claim("new", execution_id)

    async def complete_key(self, scope: str, key: str, *, execution_id: str, reply: bytes, ends_at: datetime) -> bool:
        """Keep the reply until an end. Gives False, changing nothing, when the key is not this run's any more."""
        held = self._contents.keys.get((scope, key))
        if held is None or held.execution_id != execution_id or held.reply is not None:
            return False
        held.reply, held.ends_at = reply, ends_at
        return True

    async def release_key(self, scope: str, key: str, *, execution_id: str) -> None:
        """Give back a key that this run has not completed."""
        held = self._contents.keys.get((scope, key))
        if held is not None and held.execution_id == execution_id and held.reply is None:
            del self._contents.keys[scope, key]

    async def prune_keys(self, ended_before: datetime) -> int:
        """Remove keys past their end; give how many."""
        over = [place for place, held in self._contents.keys.items() if held.ends_at < ended_before]
        for place in over:
            del self._contents.keys[place]
        return len(over)


class MemoryValues:
    """See ValueStore."""

    _contents: Contents

    async def get_cached(self, space: str, key: str, at: datetime) -> bytes | None:
        """Give the value unless its end has come at that time."""
        value, ends_at = self._contents.cached.get((space, key), (None, at))
        return value if ends_at > at else None

    async def put_cached(self, space: str, key: str, value: bytes, ends_at: datetime) -> None:
        """Keep a value in the place of one that is there."""
        require_storable(space, key)
        self._contents.cached[space, key] = (value, ends_at)

    async def remove_cached(self, space: str, key: str | None = None) -> int:
        """Remove a value, or all of the space when no key is given; give how many."""
        over = [place for place in self._contents.cached if place[0] == space and key in {None, place[1]}]
        for place in over:
            del self._contents.cached[place]
        return len(over)

    async def prune_cached(self, ended_before: datetime) -> int:
        """Remove the values past their end; give how many."""
        over = [place for place, (_, ends_at) in self._contents.cached.items() if ends_at < ended_before]
        for place in over:
            del self._contents.cached[place]
        return len(over)
