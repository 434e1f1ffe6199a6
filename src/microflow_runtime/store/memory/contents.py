"""What a store in memory holds: plain dictionaries that its parts share."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from microflow_runtime.errors import StoreError
from microflow_runtime.model.principal import Permission
from microflow_runtime.store.chain import FIRST, chain_hash
from microflow_runtime.store.records import (
    Activation,
    AppGrant,
    Attempts,
    AuditEntry,
    AuditRow,
    Client,
    Role,
    ServiceGrant,
    Session,
    Snapshot,
    StoredCatalog,
    StoredExecution,
    User,
)


@dataclass
class HeldKey:
    """An idempotency key as it is held: by whom, for what, and until when. `reply` is there once it is completed."""

    digest: bytes
    execution_id: str
    lease_ends_at: datetime
    ends_at: datetime
    reply: bytes | None = None


@dataclass
class Contents:
    """Everything in one store in memory. No method of the store awaits between reading and writing it."""

    users: dict[str, User] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    user_roles: dict[str, set[str]] = field(default_factory=dict)
    permissions: dict[str, set[Permission]] = field(default_factory=dict)
    object_ids: dict[tuple[str, str], int] = field(default_factory=dict)
    service_grants: set[ServiceGrant] = field(default_factory=set)
    app_grants: dict[tuple[str, str, str], AppGrant] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    attempts: dict[bytes, Attempts] = field(default_factory=dict)
    audit: list[AuditRow] = field(default_factory=list)
    definitions: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    catalogs: dict[int, StoredCatalog] = field(default_factory=dict)
    snapshots: dict[tuple[str, str], Snapshot] = field(default_factory=dict)
    activations: list[Activation] = field(default_factory=list)
    executions: dict[str, StoredExecution] = field(default_factory=dict)
    keys: dict[tuple[str, str], HeldKey] = field(default_factory=dict)
    cached: dict[tuple[str, str], tuple[bytes, datetime]] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    rights_version: int = 0

    def append_change(self, entry: AuditEntry) -> None:
        """Write the audit entry of a change of users or roles and move their version."""
        self.rights_version += 1
        self.append(entry)

    def append(self, entry: AuditEntry) -> None:
        """Write an audit entry behind the last."""
        number = len(self.audit) + 1
        previous = self.audit[-1].hash if self.audit else FIRST
        self.audit.append(AuditRow(number, entry, chain_hash(previous, number, entry)))


def require_storable(*values: Any) -> None:
    """Refuse what the databases refuse: a text with the character NUL, however deep it lies in the records."""
    for value in values:
        if isinstance(value, str):
            if "\0" in value:
                raise StoreError("A value does not fit the store.")
        elif isinstance(value, msgspec.Struct):
            require_storable(*msgspec.structs.astuple(value))
        elif isinstance(value, list | tuple | set | frozenset):
            require_storable(*value)
