"""The grants that hold: of the settings and of the store, as they are now."""

from datetime import UTC, datetime

import pytest
from tests.unit.runtime.grants.granted_apps import ASKED, app_of, settings_with

from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.grants import Grants, asks_of_app, commands_for
from microflow_runtime.settings import Settings
from microflow_runtime.store import AppGrant, AuditEntry, MemoryStore

NOW = datetime(2026, 5, 19, tzinfo=UTC)
ENTRY = AuditEntry(at=NOW, actor="operator", action="grant add")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


async def _grant(store: MemoryStore, kind: str, name: str) -> None:
    await store.add_app_grant(AppGrant(app="Shop", kind=kind, name=name, created_at=NOW, created_by="operator"), ENTRY)


async def test_what_is_lacking_is_told_with_its_commands() -> None:
    """Grants of the settings and of the store count together, for their app alone."""
    store = MemoryStore()
    await _grant(store, "secret", "fx_key")
    await _grant(store, "host", "127.0.0.1:1")
    grants = Grants(settings_with(*ASKED[4:]), store)
    asks = asks_of_app(app_of(), (), Settings())
    lacking = await grants.lacking("Shop", asks)
    assert commands_for("My Shop", lacking) == [
        "microflow grant add 'My Shop' host https://login.example:443",
        "microflow grant add 'My Shop' secret header_key",
    ]
    assert len(await grants.lacking("Other", asks)) == len(ASKED)


async def test_a_grant_that_is_removed_is_gone_within_a_second() -> None:
    """What was read of the store counts for a second, whoever changed it."""
    store, clock, app = MemoryStore(), Clock(), app_of()
    grants = Grants(settings_with(*ASKED[1:4]), store, clock)
    with pytest.raises(NodeError):
        await grants.require_connection(app, "fx", "http.denied")
    await _grant(store, "host", "http://127.0.0.1:1")
    clock.now += 1.0
    await grants.require_connection(app, "fx", "http.denied")
    await store.remove_app_grant("Shop", "host", "http://127.0.0.1:1", ENTRY)
    clock.now += 1.0
    with pytest.raises(NodeError) as caught:
        await grants.require_connection(app, "fx", "http.denied")
    assert caught.value.kind == "http.denied"
    assert caught.value.message == (
        'the connection "fx" uses what the app Shop has not been granted; the server\'s log names the command for it.'
    )


async def test_a_host_is_allowed_whatever_its_scheme_is() -> None:
    """Where only host and port are known, as at the end of a redirect, one grant of them is enough; none is a refusal."""
    grants = Grants(settings_with("host *.example", "host http://127.0.0.1:1", "host [::1]:2"), MemoryStore())
    await grants.lacking("Shop", ())
    assert grants.allows_host("Shop", "API.example.", 443)
    assert grants.allows_host("Shop", "127.0.0.1", 1)
    assert grants.allows_host("Shop", "::1", 2)
    assert not grants.allows_host("Shop", "127.0.0.1", 2)
    assert not grants.allows_host("Other", "api.example", 443)
