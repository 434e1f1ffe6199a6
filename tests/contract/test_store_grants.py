"""What every store does with the grants of apps."""

from datetime import UTC, datetime

import pytest

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.store import AppGrant, AuditEntry, Store

T = datetime(2026, 5, 19, 15, 15, 0, 123456, tzinfo=UTC)
ENTRY = AuditEntry(at=T, actor="operator", action="grant add")


def grant(app: str, kind: str, name: str) -> AppGrant:
    """Give a grant as an operator makes it."""
    return AppGrant(app=app, kind=kind, name=name, created_at=T, created_by="operator")


async def test_grants_come_back_as_they_went_in(store: Store) -> None:
    """Grants are kept by app, kind and name, and given sorted, of one app or of all."""
    kept = [grant("Shop", "host", "https://api.example:443"), grant("Shop", "secret", "fx"), grant("à", "code", "f x")]
    for each in reversed(kept):
        await store.add_app_grant(each, ENTRY)
    assert await store.list_app_grants() == kept
    assert await store.list_app_grants("Shop") == kept[:2]
    assert await store.list_app_grants("shop") == []
    assert len(await store.list_audit()) == 3


async def test_a_grant_is_there_once_and_goes_once(store: Store) -> None:
    """To grant twice is a conflict, to take away what was not granted is not found, and neither is audited."""
    await store.add_app_grant(grant("Shop", "secret", "fx"), ENTRY)
    with pytest.raises(Conflict):
        await store.add_app_grant(grant("Shop", "secret", "fx"), ENTRY)
    await store.remove_app_grant("Shop", "secret", "fx", ENTRY)
    with pytest.raises(NotFound):
        await store.remove_app_grant("Shop", "secret", "fx", ENTRY)
    assert await store.list_app_grants() == []
    assert len(await store.list_audit()) == 2
