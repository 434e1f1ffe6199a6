"""Systems that people log in through, each with a secret. Needs `manage` on `role`."""

from base64 import urlsafe_b64encode

import msgspec

from microflow_runtime.model.principal import Principal
from microflow_runtime.security import Security, check_name
from microflow_runtime.service.permission import require
from microflow_runtime.settings import Secret
from microflow_runtime.store import Client


class ClientView(msgspec.Struct, frozen=True, kw_only=True):
    """A system as administrators see it: without its secret."""

    system_id: str
    created_at: str


async def add_client(security: Security, principal: Principal, system_id: str, secret: Secret | None = None) -> Secret:
    """Register a system and give its secret: the one given, or one that is made and cannot be read again.

    Raises Conflict, BadRequest.
    """
    await require(security, principal, "role", "manage")
    system_id = check_name("system id", system_id)
    chosen = secret or _make_secret(security)
    await security.store.add_client(
        await _make_client(security, system_id, chosen),
        security.auditor.make(principal, "client add", "client", system_id),
    )
    return chosen


async def list_clients(security: Security, principal: Principal) -> list[ClientView]:
    """List every system."""
    await require(security, principal, "role", "manage")
    return [
        ClientView(system_id=client.system_id, created_at=client.created_at.isoformat())
        for client in await security.store.list_clients()
    ]


async def set_client(security: Security, principal: Principal, system_id: str, secret: Secret | None = None) -> Secret:
    """Give a system another secret, the one given or a new one. Sessions that came through it stay. Raises NotFound."""
    await require(security, principal, "role", "manage")
    chosen = secret or _make_secret(security)
    await security.store.put_client(
        await _make_client(security, system_id, chosen),
        security.auditor.make(principal, "client set", "client", system_id, detail="a new secret"),
    )
    return chosen


async def remove_client(security: Security, principal: Principal, system_id: str) -> None:
    """Remove a system and end the sessions that came through it. Raises NotFound."""
    await require(security, principal, "role", "manage")
    entry = security.auditor.make(principal, "client remove", "client", system_id)
    await security.store.remove_client(system_id, entry)
    security.rights_changed()


async def _make_client(security: Security, system_id: str, secret: Secret) -> Client:
    secret_hash = await security.passwords.hash(secret.reveal())
    return Client(system_id=system_id, secret_hash=secret_hash, created_at=security.clock.now())


def _make_secret(security: Security) -> Secret:
    return Secret(urlsafe_b64encode(security.random_bytes(24)).decode("ascii"))
