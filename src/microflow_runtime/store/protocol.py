"""What a store can do. Memory, SQLite and PostgreSQL pass one suite of tests (tests/contract).

Rules for all of it: a method that takes an `audit` entry writes it in the same transaction, so what cannot be audited
does not happen. `Conflict` is raised for what exists already, `NotFound` for what does not, `StoreError` when the store
itself fails or a text does not fit it, as one with the character NUL; its message names no path. A method may be awaited
from any task of the loop the store was opened on.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final, Protocol

from microflow_runtime.errors import Conflict
from microflow_runtime.model.principal import Permission
from microflow_runtime.store.records import (
    EVERY_EXECUTION,
    Activation,
    AppGrant,
    Attempts,
    AuditEntry,
    AuditRow,
    Claim,
    Client,
    ExecutionFilter,
    Rights,
    Role,
    ServiceGrant,
    Session,
    Snapshot,
    SnapshotChange,
    StoredCatalog,
    StoredExecution,
    User,
)

OF_SNAPSHOTS: Final = ("file", "snapshot")
"""The kinds of definitions that published snapshots consist of: the bytes of files, and the lists of them."""


class EpochTaken(Conflict):
    """Somebody else has published meanwhile: begin again from the newest catalog."""


class DefinitionStore(Protocol):
    """Definitions by the hash of their content, and the catalogs that list them."""

    async def put_definitions(self, definitions: Sequence[tuple[str, str, bytes]]) -> None:
        """Keep `(hash, kind, body)` each; what is there under a hash stays as it is."""

    async def get_definitions(self, hashes: Collection[str]) -> dict[str, bytes]:
        """Give the bodies by hash. Raises NotFound when one of them is not kept."""

    async def find_known_hashes(self, hashes: Collection[str]) -> set[str]:
        """Give those of the hashes that are kept."""

    async def put_catalog(
        self,
        epoch: int,
        manifest: bytes,
        created_at: datetime,
        audit: AuditEntry | None = None,
        *,
        definitions: Sequence[tuple[str, str, bytes]] = (),
        snapshots: Sequence[Snapshot] = (),
        activations: Sequence[Activation] = (),
        changes: Sequence[SnapshotChange] = (),
        forgotten: Collection[str] = (),
        keep_from_epoch: int = 0,
    ) -> None:
        """Keep a catalog and, in the same transaction, definitions as `put_definitions` does; remove older catalogs.

        Snapshots are put by app and version: one of kind `flows` may be put again with other content and keeps when and
        by whom it was made; of another kind it stays as it is. Activations are written behind those there are. Changes
        come after the snapshots: one that was withdrawn has the time of it, one that was deleted is not there. At last
        the definitions of the `forgotten` hashes are removed.

        Raises EpochTaken unless the epoch is above every one kept: an epoch never goes back. Conflict for a `full` or `patch`
        snapshot that is kept with another content, and for the number of an activation that is not above those there are.
        NotFound for a change of a snapshot that is not there.
        """

    async def find_latest_catalog(self) -> StoredCatalog | None:
        """Give the catalog with the highest epoch."""

    async def get_catalog(self, epoch: int) -> StoredCatalog:
        """Give the catalog of an epoch. Raises NotFound."""

    async def list_snapshots(self, app: str | None = None) -> list[Snapshot]:
        """Give the snapshots, of one app or of all, the newest first."""

    async def find_snapshot(self, app: str, version: str) -> Snapshot | None:
        """Give the snapshot of exactly this app and version."""

    async def list_activations(self, app: str | None = None, *, limit: int = 100) -> list[Activation]:
        """Give the activations, of one app or of all, the newest first."""

    async def prune_catalogs(self, keep_epoch: int, keep_hashes: Collection[str]) -> int:
        """Remove the catalogs before `keep_epoch` and the definitions not named; give how many rows went.

        Definitions of the kinds `OF_SNAPSHOTS` stay: a published snapshot loses nothing. Nothing at all is removed when
        there is a newer catalog: another machine has published, and needs what that one names.
        """


class AccountStore(Protocol):
    """Users, roles with their permissions, service grants, and registered systems."""

    async def add_user(self, user: User, roles: Collection[str], audit: AuditEntry) -> None:
        """Add a user with roles. Raises Conflict, or NotFound for a role."""

    async def find_user(self, username: str) -> User | None:
        """Give the user of exactly this name."""

    async def list_users(self) -> list[User]:
        """Give all users by name."""

    async def put_user(self, user: User, audit: AuditEntry) -> None:
        """Replace what is kept of a user, except the time it was made. Raises NotFound."""

    async def put_password_hash(self, username: str, password_hash: str) -> None:
        """Replace the hash of the same password by a stronger one; does nothing when the user has gone."""

    async def remove_user(self, username: str, audit: AuditEntry) -> None:
        """Remove a user with its sessions, roles and grants. Raises NotFound."""

    async def put_user_roles(self, username: str, roles: Collection[str], audit: AuditEntry) -> None:
        """Set exactly these roles of a user. Raises NotFound for the user or a role."""

    async def list_user_roles(self, username: str) -> list[str]:
        """Give the names of a user's roles, sorted."""

    async def read_rights(self, username: str) -> Rights:
        """Give the user and everything its roles give, as of one moment."""

    async def add_role(self, name: str, audit: AuditEntry, *, role_id: int | None = None) -> Role:
        """Add a role; without a number it takes the next positive one. Raises Conflict."""

    async def list_roles(self) -> list[Role]:
        """Give all roles by name."""

    async def remove_role(self, name: str, audit: AuditEntry) -> None:
        """Remove a role with what it grants. Raises NotFound."""

    async def list_permissions(self, role: str, /) -> list[Permission]:
        """Give the permissions of a role, sorted. Raises NotFound."""

    async def change_role(
        self,
        role: str,
        /,
        *,
        allow: Collection[Permission] = (),
        deny: Collection[Permission] = (),
        grant: Collection[ServiceGrant] = (),
        ungrant: Collection[ServiceGrant] = (),
        audit: AuditEntry,
    ) -> None:
        """Add and take away permissions and service grants at once. Raises NotFound for the role or an account.

        What is there already, or not there to be taken away, is no error.
        """

    async def list_service_grants(self) -> list[ServiceGrant]:
        """Give every service grant, sorted."""

    async def add_client(self, client: Client, /, audit: AuditEntry) -> None:
        """Register a system. Raises Conflict."""

    async def put_client(self, client: Client, /, audit: AuditEntry) -> None:
        """Replace the secret of a system. Raises NotFound."""

    async def find_client(self, system_id: str) -> Client | None:
        """Give the system of exactly this id."""

    async def list_clients(self) -> list[Client]:
        """Give all systems by id."""

    async def remove_client(self, system_id: str, audit: AuditEntry) -> None:
        """Remove a system and end the sessions that came through it. Raises NotFound."""


class GrantStore(Protocol):
    """What apps have been granted: the secrets and places that their packages may use."""

    async def list_app_grants(self, app: str | None = None) -> list[AppGrant]:
        """Give the grants, of one app or of all, sorted by app, kind and name."""

    async def add_app_grant(self, grant: AppGrant, /, audit: AuditEntry) -> None:
        """Keep a grant. Raises Conflict when it is there already."""

    async def remove_app_grant(self, app: str, kind: str, name: str, audit: AuditEntry) -> None:
        """Remove a grant. Raises NotFound."""


class SessionStore(Protocol):
    """Sessions, and the counters of failed logins."""

    async def add_session(self, session: Session, /, audit: AuditEntry) -> None:
        """Keep a new session. Raises NotFound when the user has gone."""

    async def find_session_by_token(self, digest: bytes) -> Session | None:
        """Give the session whose access token has this digest, ended or not."""

    async def find_session_by_id(self, digest: bytes) -> Session | None:
        """Give the session whose session id has this digest, ended or not."""

    async def read_sessions(self, handles: Collection[str]) -> tuple[dict[str, Session], int]:
        """Give those of the sessions that are kept, by handle, and the version of all rights, as of one moment."""

    async def touch_sessions(self, handles: Collection[str], seen_at: datetime) -> None:
        """Move the time sessions were last seen forward, never back."""

    async def change_session(self, handle: str, name: str, ends_at: datetime, audit: AuditEntry) -> None:
        """Give a session another name and end. Raises NotFound."""

    async def list_sessions(self, username: str | None = None, kind: str | None = None) -> list[Session]:
        """Give sessions, the newest first."""

    async def remove_sessions(self, handles: Collection[str], audit: AuditEntry) -> int:
        """End sessions; give how many there were. The entry is written in any case."""

    async def prune_sessions(self, ended_before: datetime, unseen_since: datetime) -> int:
        """Remove sessions past their end, and logins not seen since; give how many."""

    async def find_attempts(self, keys: Sequence[bytes]) -> dict[bytes, Attempts]:
        """Give the counters of failed logins that are kept under these keys."""

    async def count_attempt(self, keys: Sequence[bytes], at: datetime, forget_before: datetime) -> dict[bytes, int]:
        """Raise the counters by one and give them; one last raised before `forget_before` begins again at one."""

    async def forgive_attempt(self, keys: Sequence[bytes]) -> None:
        """Lower counters by one, as for an attempt that turned out to be good; never below nothing."""

    async def clear_attempts(self, keys: Sequence[bytes]) -> None:
        """Set counters back to nothing."""

    async def prune_attempts(self, last_before: datetime) -> int:
        """Remove counters last raised before a time; give how many."""


class AuditStore(Protocol):
    """The record of what was done, which only grows and of which a changed row is found out."""

    async def append_audit(self, entry: AuditEntry) -> None:
        """Write an entry."""

    async def list_audit(self, *, limit: int = 100, before: int | None = None) -> list[AuditRow]:
        """Give the newest rows first, those before a number when one is given."""

    async def find_audit_break(self) -> int | None:
        """Walk the chain; give the number of the first row that does not fit, None when all do."""


class ExecutionStore(Protocol):
    """Executions with their traces. Writing them waits for nobody who audits or publishes."""

    async def add_executions(self, executions: Sequence[StoredExecution]) -> None:
        """Keep executions, all or none; one whose id is there is taken to be the same and stays as it is."""

    async def find_execution(self, execution_id: str) -> StoredExecution | None:
        """Give the execution of exactly this id, with its trace."""

    async def list_executions(
        self,
        wanted: ExecutionFilter = EVERY_EXECUTION,
        *,
        before: tuple[datetime, str] | None = None,
        limit: int = 50,
    ) -> list[StoredExecution]:
        """Give executions without their traces, the newest first, those of one moment by id downwards.

        `before` is the time and id of the last one of the page before. The cost does not grow with what came before.
        """

    async def prune_executions(self, started_before: datetime, limit: int = 1000) -> int:
        """Remove the oldest of the executions begun before a time, at most `limit`; give how many."""


class KeyStore(Protocol):
    """Idempotency keys: a request that comes twice under one key is carried out once.

    `scope` keeps the keys of different principals and operations apart. `digest` stands for the content of the request.
    A run that does not complete its key before its lease ends may be followed by another of the same request: the lease
    must be longer than the run can take, by more than the clocks of the machines differ.
    """

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
        """Take a key that is free, or whose end has come. Of those that claim at once exactly one is told `new`.

        `ends_at` is when a key that is never completed is forgotten.
        """

    async def complete_key(self, scope: str, key: str, *, execution_id: str, reply: bytes, ends_at: datetime) -> bool:
        """Keep the reply until an end. Gives False, changing nothing, when the key is not this run's any more."""

    async def release_key(self, scope: str, key: str, *, execution_id: str) -> None:
        """Give back a key that this run has not completed, as when it was refused before it began."""

    async def prune_keys(self, ended_before: datetime) -> int:
        """Remove keys past their end; give how many."""


class ValueStore(Protocol):
    """Cached values: bytes by space and key, until an end. A space keeps the keys of different users of it apart."""

    async def get_cached(self, space: str, key: str, at: datetime) -> bytes | None:
        """Give the value unless its end has come at that time."""

    async def put_cached(self, space: str, key: str, value: bytes, ends_at: datetime) -> None:
        """Keep a value in the place of one that is there."""

    async def remove_cached(self, space: str, key: str | None = None) -> int:
        """Remove a value, or all of the space when no key is given; give how many."""

    async def prune_cached(self, ended_before: datetime) -> int:
        """Remove the values past their end; give how many."""


class Store(
    DefinitionStore,
    AccountStore,
    GrantStore,
    SessionStore,
    AuditStore,
    ExecutionStore,
    KeyStore,
    ValueStore,
    Protocol,
):
    """Everything that is kept."""

    async def find_meta(self, key: str) -> str | None:
        """Give a value the server keeps for itself."""

    async def put_meta(self, key: str, value: str) -> None:
        """Keep a value under a key."""

    async def close(self) -> None:
        """Give back connections and threads. The store must not be used afterwards."""

    def describe(self) -> Iterable[str]:
        """Name what the store is and its version, for the log."""
