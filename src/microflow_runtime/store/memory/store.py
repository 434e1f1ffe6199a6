"""The store in memory, put together from its parts."""

from collections.abc import Iterable

from microflow_runtime.store.chain import FIRST, chain_hash
from microflow_runtime.store.memory.contents import Contents, require_storable
from microflow_runtime.store.memory.definitions import MemoryDefinitions
from microflow_runtime.store.memory.executions import MemoryExecutions, MemoryKeys, MemoryValues
from microflow_runtime.store.memory.grants import MemoryGrants
from microflow_runtime.store.memory.roles import MemoryRoles
from microflow_runtime.store.memory.sessions import MemorySessions
from microflow_runtime.store.memory.users import MemoryUsers
from microflow_runtime.store.records import AuditEntry, AuditRow


class MemoryStore(
    MemoryDefinitions,
    MemoryUsers,
    MemoryRoles,
    MemoryGrants,
    MemorySessions,
    MemoryExecutions,
    MemoryKeys,
    MemoryValues,
):
    """A store that forgets everything when it goes. One process only."""

    def __init__(self) -> None:
        self._contents = Contents()

    async def append_audit(self, entry: AuditEntry) -> None:
        """Write an entry."""
        require_storable(entry)
        self._contents.append(entry)

    async def list_audit(self, *, limit: int = 100, before: int | None = None) -> list[AuditRow]:
        """Give the newest rows first, those before a number when one is given."""
        rows = [row for row in self._contents.audit if before is None or row.number < before]
        return rows[::-1][:limit]

    async def find_audit_break(self) -> int | None:
        """Walk the chain; give the number of the first row that does not fit, None when all do."""
        previous = FIRST
        for expected, row in enumerate(self._contents.audit, start=1):
            if row.number != expected or row.hash != chain_hash(previous, row.number, row.entry):
                return row.number
            previous = row.hash
        return None

    async def find_meta(self, key: str) -> str | None:
        """Give a value the server keeps for itself."""
        return self._contents.meta.get(key)

    async def put_meta(self, key: str, value: str) -> None:
        """Keep a value under a key."""
        require_storable(key, value)
        self._contents.meta[key] = value

    async def close(self) -> None:
        """Do nothing; there is nothing to give back."""

    def describe(self) -> Iterable[str]:
        """Name what the store is."""
        return ("memory",)
