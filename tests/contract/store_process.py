"""One of several processes that use a store at once: `python store_process.py HOME STORE WORK NAME COUNT`.

Waits for a line on standard input, so that all begin together, then prints what it did as JSON.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from microflow_runtime.settings import Settings
from microflow_runtime.store import Activation, AuditEntry, EpochTaken, Store, StoredExecution, open_store

T = datetime(2026, 5, 19, tzinfo=UTC)


async def publish(store: Store, name: str, count: int) -> list[int]:
    """Publish so many catalogs, each above the newest, again after each conflict; give the epochs."""
    entry = AuditEntry(at=T, actor=name, action="publish")
    published: list[int] = []
    while len(published) < count:
        latest = await store.find_latest_catalog()
        epoch = latest.epoch + 1 if latest is not None else 1
        active = [Activation(app="Demo", version=str(epoch), at=T, actor=name)]
        try:
            await store.put_catalog(epoch, name.encode(), T, entry, activations=active)
        except EpochTaken:
            continue
        published.append(epoch)
    return published


async def claim(store: Store, name: str, count: int) -> list[str]:
    """Ask for so many keys, the same as everybody; give the states."""
    states = []
    for number in range(count):
        asked = await store.claim_key(
            "suda", f"key{number}", digest=b"d", execution_id=f"{name}{number}", at=T,
            lease_ends_at=T + timedelta(minutes=1), ends_at=T + timedelta(days=1),
        )  # fmt: skip
        states.append(asked.state)
    return states


async def mix(store: Store, name: str, count: int) -> int:
    """Do everything that is written often, on the same rows as everybody."""
    entry = AuditEntry(at=T, actor=name, action="mix")
    handles = [f"handle{number}" for number in range(5)]
    keys = [b"account", b"address"]
    for number in range(count):
        run = StoredExecution(
            execution_id=f"{name}{number}", app="Demo", flow="F", snapshot="v", epoch=1, username="suda",
            status="SUCCESS", started_at=T, duration_us=1, search_keys=(("order", "1"),),
        )  # fmt: skip
        reverse = number % 2 == 0
        await asyncio.gather(
            store.touch_sessions(handles[::-1] if reverse else handles, T + timedelta(seconds=number)),
            store.count_attempt(keys[::-1] if reverse else keys, T, T),
            store.add_executions([run]),
            store.append_audit(entry),
            store.put_cached("space", "key", name.encode(), T),
        )
    return count


async def main() -> None:
    """Open the store, wait for the others, work, tell."""
    home, address, work, name, count = sys.argv[1:]
    store = open_store(Settings(home=Path(home), store=address))
    works = {"publish": publish, "claim": claim, "mix": mix}
    await asyncio.to_thread(sys.stdin.readline)
    told = await works[work](store, name, int(count))
    await store.close()
    sys.stdout.buffer.write(msgspec.json.encode(told))


if __name__ == "__main__":
    asyncio.run(main())
