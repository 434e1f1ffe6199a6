"""The operator's grants: what the packages of an app may use. Done on the machine alone; there is no remote door."""

import msgspec

from microflow_runtime.errors import Conflict
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import Security
from microflow_runtime.settings.grant import read_entry, read_grant
from microflow_runtime.store import AppGrant

OF_SETTINGS = "settings"
"""What a grant of the settings has as its origin, before the place where it stands."""


class GrantView(msgspec.Struct, frozen=True, kw_only=True):
    """A grant as it is shown. `origin` says who granted it and when, or which setting holds it."""

    app: str
    kind: str
    name: str
    origin: str


async def list_grants(security: Security, app: str = "") -> list[GrantView]:
    """List the grants of an app, or of all: those of the settings, then those of the store."""
    settings = security.settings
    place = settings.origin_of("grants")
    given = (read_entry(entry, place) for entry in settings.grants)
    found = [
        GrantView(app=each.app, kind=each.kind, name=each.name, origin=f"{OF_SETTINGS}: {place}")
        for each in given
        if not app or each.app == app
    ]
    return found + [
        GrantView(
            app=each.app,
            kind=each.kind,
            name=each.name,
            origin=f"{each.created_by}, {each.created_at:%Y-%m-%d %H:%M:%S} UTC",
        )
        for each in await security.store.list_app_grants(app or None)
    ]


async def add_grant(security: Security, principal: Principal, app: str, kind: str, name: str) -> None:
    """Grant something to the packages of an app. Raises SettingsError for what no grant can be, Conflict when it is there."""
    grant = read_grant(app, kind, name, "grant")
    audit = security.auditor.make(principal, "grant add", "app", grant.app, detail=f"{grant.kind} {grant.name}")
    kept = AppGrant(app=grant.app, kind=grant.kind, name=grant.name, created_at=audit.at, created_by=audit.actor)
    await security.store.add_app_grant(kept, audit)


async def remove_grant(security: Security, principal: Principal, app: str, kind: str, name: str) -> None:
    """Take a grant away; every worker knows within a second. Raises NotFound, SettingsError, Conflict for one of the settings."""
    grant = read_grant(app, kind, name, "grant")
    settings = security.settings
    place = settings.origin_of("grants")
    if grant in [read_entry(entry, place) for entry in settings.grants]:
        told = f"{grant.app} has been granted the {grant.kind} {grant.name} by the settings"
        raise Conflict(f"{told}; take it out there: {place}.")
    audit = security.auditor.make(principal, "grant remove", "app", grant.app, detail=f"{grant.kind} {grant.name}")
    await security.store.remove_app_grant(grant.app, grant.kind, grant.name, audit)
