"""What the store keeps, as frozen records. Times are aware and in UTC."""

from datetime import datetime

import msgspec


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person or a service account. `password_hash` is None for who cannot log in, as a service account."""

    username: str
    created_at: datetime
    password_hash: str | None = None
    disabled: bool = False
    service_account: bool = False
    th_firstname: str = ""
    th_lastname: str = ""
    en_firstname: str = ""
    en_lastname: str = ""
    email: str = ""
    mobile_number: str = ""


class Role(msgspec.Struct, frozen=True):
    """A named set of permissions. The number is what IAM2 shows; those of the built-in roles are negative."""

    role_id: int
    name: str


class Access(msgspec.Struct, frozen=True):
    """One permission as a role holds it, with the number that IAM2 shows for the object."""

    object_id: int
    object_type: str
    name: str
    access: str


class ServiceGrant(msgspec.Struct, frozen=True):
    """A role lets a flow be run as a service account. `flow` is the flow's object name, as `Demo/ExchangeRate`."""

    role: str
    flow: str
    account: str


class AppGrant(msgspec.Struct, frozen=True, kw_only=True):
    """A secret or a place that the packages of an app may use, as somebody has granted it. See `settings.grant`."""

    app: str
    kind: str
    name: str
    created_at: datetime
    created_by: str


class Rights(msgspec.Struct, frozen=True):
    """What a user's roles give together, read in one go. `user` is None when there is no such user.

    `version` counts the changes of users and roles: while it stays, so do everybody's rights.
    """

    user: User | None
    roles: tuple[Role, ...]
    accesses: tuple[Access, ...]
    version: int = 0


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A registered system that people log in through. The secret is kept as a password hash."""

    system_id: str
    secret_hash: str
    created_at: datetime


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A login (`kind` `login`) or an access token that the operator made (`kind` `token`, with a `name`).

    `handle` names the session where people see it and is no secret. `token_digest` and `id_digest` are the SHA-256 of
    the access token and of the session id in the cookie; a token has no session id and `id_digest` None. Only a login
    ends by not being used.
    """

    handle: str
    token_digest: bytes
    id_digest: bytes | None
    username: str
    client_id: str
    kind: str
    name: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime


class Attempts(msgspec.Struct, frozen=True):
    """How often logins under one key failed since the last success, and when the last of them was."""

    failures: int
    last_at: datetime


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that must be known later: who did what to which object, and how it ended.

    `outcome` is `done`, `refused` or `failed`. `detail` is one sentence without secrets.
    """

    at: datetime
    actor: str
    action: str
    object_type: str = ""
    object_name: str = ""
    outcome: str = "done"
    address: str = ""
    detail: str = ""


class AuditRow(msgspec.Struct, frozen=True):
    """An entry as it was written: its place in the chain and the hash that covers it and everything before it."""

    number: int
    entry: AuditEntry
    hash: str


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A published version of an app.

    `kind` is `full` (the whole app), `patch` (files laid over the snapshot `base`; complete all the same) or `flows`
    (collected flow by flow from packages). `content_hash` stands for everything in it, `flows` counts its flows.
    One that was withdrawn is kept and not called.
    """

    app: str
    version: str
    kind: str
    base: str = ""
    content_hash: str
    created_at: datetime
    created_by: str
    flows: int
    withdrawn_at: datetime | None = None


class SnapshotChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a published snapshot: `what` is `withdrawn`, `restored` or `deleted`."""

    app: str
    version: str
    what: str
    at: datetime


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """From this moment an app answered from this version; the version `""` is its working folder.

    The number counts the activations of all apps together; 0 asks for the next one.
    """

    number: int = 0
    app: str
    version: str
    at: datetime
    actor: str


class StoredExecution(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it is listed and found again.

    `flow` is its name, `status` is `SUCCESS` or `ERROR`. `search_keys` are up to eight pairs of a name and a value that
    it is found by; of a value the first 256 characters are kept and looked for. The store does not read `trace`, and
    lists leave it out.
    """

    execution_id: str
    app: str
    flow: str
    snapshot: str
    epoch: int
    username: str
    status: str
    error: str = ""
    started_at: datetime
    duration_us: int
    search_keys: tuple[tuple[str, str], ...] = ()
    trace: bytes = b""


class ExecutionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which executions are asked for; what is None does not matter. `since` is included, `until` is not.

    `search_key` is the name and the value of a search key. An execution fits when all of it does.
    """

    since: datetime | None = None
    until: datetime | None = None
    app: str | None = None
    flow: str | None = None
    status: str | None = None
    username: str | None = None
    search_key: tuple[str, str] | None = None


EVERY_EXECUTION = ExecutionFilter()
"""Asks for all of them."""


class Claim(msgspec.Struct, frozen=True):
    """What became of an idempotency key that was asked for.

    `state` is `new` (it is yours: run, then complete or release it), `running` (another run has it), `done` (with the
    `reply` that was kept) or `used` (for another request). `execution_id` names the run that has or had it.
    """

    state: str
    execution_id: str
    reply: bytes | None = None


class StoredCatalog(msgspec.Struct, frozen=True):
    """The list of everything published under one epoch. The store does not read `manifest`."""

    epoch: int
    manifest: bytes
    created_at: datetime
