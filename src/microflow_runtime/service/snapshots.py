"""The use cases of published snapshots: list them, publish one, let an app answer from one, roll back, take one back.

Permissions are on `microflow` with the app's name as the object: `view` to see, `deploy` to change.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime

import msgspec

from microflow_runtime.errors import BadRequest, NotFound
from microflow_runtime.model.principal import Principal
from microflow_runtime.runtime import Catalog, Runtime
from microflow_runtime.runtime.activation import Activated, MakeAudit, activate, roll_back
from microflow_runtime.runtime.manifest import FOLDER, WORKING
from microflow_runtime.runtime.packages import read_package
from microflow_runtime.runtime.publishing import Deployment, deploy
from microflow_runtime.runtime.withdrawal import TakenBack, delete, restore, withdraw
from microflow_runtime.security import Security
from microflow_runtime.service.permission import require, require_session
from microflow_runtime.store import Activation, AuditEntry, Snapshot

WORKING_NAME = "working"
"""What callers name the working folder by where a version is asked for."""
_MOST_HISTORY = 100


class SnapshotView(msgspec.Struct, frozen=True, kw_only=True):
    """A published snapshot as it is shown."""

    version: str
    kind: str
    base: str
    flows: int
    content_hash: str
    created_at: datetime
    created_by: str
    is_active: bool
    withdrawn_at: datetime | None


class ActivationView(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the history: from this moment the app answered from this version."""

    number: int
    version: str
    at: datetime
    actor: str


class AppView(msgspec.Struct, frozen=True, kw_only=True):
    """An app: the version it answers from, the full name of its working folder's snapshot if it has one, and all others.

    `active` is `working` when nothing was activated. Snapshots and history are the newest first, of the history at most
    100 rows.
    """

    app: str
    active: str
    working: str
    snapshots: tuple[SnapshotView, ...]
    history: tuple[ActivationView, ...] = ()


async def list_apps(runtime: Runtime, principal: Principal) -> list[AppView]:
    """List the apps that the principal may view, without their history. Raises NotAuthenticated."""
    require_session(principal)
    catalog = await _newest(runtime)
    by_app: dict[str, list[Snapshot]] = {record.app: [] for record in catalog.manifest.flows}
    for snapshot in await runtime.store.list_snapshots():
        by_app.setdefault(snapshot.app, []).append(snapshot)
    return [
        _view(catalog, app, snapshots, ())
        for app, snapshots in sorted(by_app.items())
        if principal.may("microflow", app, "view")
    ]


async def show_app(runtime: Runtime, security: Security, principal: Principal, app: str, address: str = "") -> AppView:
    """Show an app with its history. Raises NotFound."""
    await require(security, principal, "microflow", "view", name=app, address=address)
    catalog = await _newest(runtime)
    snapshots = await runtime.store.list_snapshots(app)
    if not snapshots and not any(record.app == app for record in catalog.manifest.flows):
        raise NotFound(f"There is no app {app}.")
    return _view(catalog, app, snapshots, await runtime.store.list_activations(app, limit=_MOST_HISTORY))


async def require_deploy(security: Security, principal: Principal, app: str, address: str = "") -> None:
    """Let a package be read from who may deploy the app it is said to hold, or, with no app said, any app at all."""
    if app or not any(kind == "microflow" and access == "deploy" for kind, _, access in principal.grants):
        await require(security, principal, "microflow", "deploy", name=app or "*", address=address)


async def deploy_package(
    runtime: Runtime,
    security: Security,
    principal: Principal,
    content: bytes,
    *,
    app: str = "",
    activates: bool = False,
    is_trial: bool = False,
    address: str = "",
) -> Deployment:
    """Publish a package; see `deploy`. With `app`, one of another app is refused as BadRequest."""
    await require_deploy(security, principal, app, address)
    package = await asyncio.to_thread(read_package, app or "package", content)
    holds = app

    async def allow(named: str) -> None:
        nonlocal holds
        if app and named != app:
            raise BadRequest(f"The package holds the app {named}, not {app}.")
        await require(security, principal, "microflow", "deploy", name=named, address=address)
        holds = named

    def audit(detail: str) -> AuditEntry:
        return _auditing(security, principal, "deploy", holds, address)(detail)

    return await deploy(runtime, package, audit, allow=allow, activate=activates, is_trial=is_trial)


async def activate_version(
    runtime: Runtime, security: Security, principal: Principal, app: str, version: str, address: str = ""
) -> Activated:
    """Let an app answer from a version, `working` for its folder. Raises NotFound."""
    await require(security, principal, "microflow", "deploy", name=app, address=address)
    wanted = WORKING if version == WORKING_NAME else version
    return await activate(runtime, app, wanted, _auditing(security, principal, "activate", app, address))


async def roll_back_app(
    runtime: Runtime, security: Security, principal: Principal, app: str, address: str = ""
) -> Activated:
    """Let an app answer from what answered before. Raises Conflict when nothing did."""
    await require(security, principal, "microflow", "deploy", name=app, address=address)
    return await roll_back(runtime, app, _auditing(security, principal, "roll back", app, address))


async def withdraw_version(
    runtime: Runtime, security: Security, principal: Principal, app: str, version: str, address: str = ""
) -> TakenBack:
    """Let nobody call a snapshot any more, and keep it. Raises NotFound, Conflict when it is in use."""
    await require(security, principal, "microflow", "deploy", name=app, address=address)
    return await withdraw(runtime, app, version, _auditing(security, principal, "withdraw", app, address))


async def restore_version(
    runtime: Runtime, security: Security, principal: Principal, app: str, version: str, address: str = ""
) -> TakenBack:
    """Let a withdrawn snapshot be called again. Raises NotFound, DefinitionFaults."""
    await require(security, principal, "microflow", "deploy", name=app, address=address)
    return await restore(runtime, app, version, _auditing(security, principal, "restore", app, address))


async def delete_version(
    runtime: Runtime, security: Security, principal: Principal, app: str, version: str, address: str = ""
) -> TakenBack:
    """Remove a snapshot for good. Raises NotFound, Conflict when it is in use."""
    await require(security, principal, "microflow", "deploy", name=app, address=address)
    return await delete(runtime, app, version, _auditing(security, principal, "delete", app, address))


def shown_version(version: str) -> str:
    """Give a version as callers know it."""
    return version or WORKING_NAME


def _view(catalog: Catalog, app: str, snapshots: Iterable[Snapshot], history: Iterable[Activation]) -> AppView:
    active = catalog.manifest.active.get(app, WORKING)
    working = (record for record in catalog.manifest.flows if record.app == app and record.origin == FOLDER)
    return AppView(
        app=app,
        active=shown_version(active),
        working=next((record.snapshot for record in working), ""),
        snapshots=tuple(
            SnapshotView(
                version=each.version,
                kind=each.kind,
                base=each.base,
                flows=each.flows,
                content_hash=each.content_hash,
                created_at=each.created_at,
                created_by=each.created_by,
                is_active=each.version == active,
                withdrawn_at=each.withdrawn_at,
            )
            for each in snapshots
        ),
        history=tuple(
            ActivationView(number=each.number, version=shown_version(each.version), at=each.at, actor=each.actor)
            for each in history
        ),
    )


async def _newest(runtime: Runtime) -> Catalog:
    return runtime.catalog if runtime.is_current() else await runtime.catch_up()


def _auditing(security: Security, principal: Principal, action: str, app: str, address: str) -> MakeAudit:
    def make(detail: str) -> AuditEntry:
        return security.auditor.make(principal, action, "microflow", app, address=address, detail=detail)

    return make
