"""Sessions and the counters of failed logins in SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, delete, insert, or_, select, update

from microflow_runtime.errors import NotFound
from microflow_runtime.store.records import Attempts, AuditEntry, Session
from microflow_runtime.store.sql.audit import append_entry
from microflow_runtime.store.sql.database import Database, repeated
from microflow_runtime.store.sql.rights_version import read_rights_version
from microflow_runtime.store.sql.tables import login_attempt, session, user_account

_FIELDS = Session.__struct_fields__


class Sessions:
    """See SessionStore."""

    _database: Database

    @repeated
    async def add_session(self, new: Session, audit: AuditEntry) -> None:
        """Keep a new session. Raises NotFound when the user has gone."""
        async with self._database.write() as connection:
            query = select(user_account.c.username).where(user_account.c.username == new.username)
            if (await connection.execute(query)).first() is None:
                raise NotFound(f"There is no user {new.username}.")
            await connection.execute(insert(session), {name: getattr(new, name) for name in _FIELDS})
            await append_entry(connection, audit)

    async def find_session_by_token(self, digest: bytes) -> Session | None:
        """Give the session whose access token has this digest, ended or not."""
        return await self._find(session.c.token_digest == digest)

    async def find_session_by_id(self, digest: bytes) -> Session | None:
        """Give the session whose session id has this digest, ended or not."""
        return await self._find(session.c.id_digest == digest)

    async def _find(self, condition: ColumnElement[bool]) -> Session | None:
        async with self._database.look() as connection:
            row = (await connection.execute(select(session).where(condition))).first()
        return None if row is None else Session(**row._mapping)  # noqa: SLF001 - the row by column

    async def read_sessions(self, handles: Collection[str]) -> tuple[dict[str, Session], int]:
        """Give those of the sessions that are kept, by handle, and the version of all rights, as of one moment."""
        found: dict[str, Session] = {}
        async with self._database.read() as connection:
            for piece in self._database.pieces(list(handles)):
                rows = await connection.execute(select(session).where(self._database.among(session.c.handle, piece)))
                found.update((row.handle, Session(**row._mapping)) for row in rows)  # noqa: SLF001 - the row by column
            return found, await read_rights_version(connection)

    @repeated
    async def touch_sessions(self, handles: Collection[str], seen_at: datetime) -> None:
        """Move the time sessions were last seen forward, never back."""
        pieces = self._database.pieces(list(handles))
        if not pieces:
            return
        async with self._database.change(alone=len(pieces) == 1) as connection:
            for piece in pieces:
                earlier = self._database.among(session.c.handle, piece) & (session.c.seen_at < seen_at)
                await connection.execute(update(session).where(earlier).values(seen_at=seen_at))

    @repeated
    async def change_session(self, handle: str, name: str, ends_at: datetime, audit: AuditEntry) -> None:
        """Give a session another name and end. Raises NotFound."""
        change = update(session).where(session.c.handle == handle).values(name=name, ends_at=ends_at)
        async with self._database.write() as connection:
            if not (await connection.execute(change)).rowcount:
                raise NotFound(f"There is no session {handle}.")
            await append_entry(connection, audit)

    async def list_sessions(self, username: str | None = None, kind: str | None = None) -> list[Session]:
        """Give sessions, the newest first."""
        query = select(session).order_by(session.c.created_at.desc(), session.c.handle)
        if username is not None:
            query = query.where(session.c.username == username)
        if kind is not None:
            query = query.where(session.c.kind == kind)
        async with self._database.look() as connection:
            return [Session(**row._mapping) for row in await connection.execute(query)]  # noqa: SLF001 - as above

    @repeated
    async def remove_sessions(self, handles: Collection[str], audit: AuditEntry) -> int:
        """End sessions; give how many there were. The entry is written in any case."""
        gone = 0
        async with self._database.write() as connection:
            for piece in self._database.pieces(list(handles)):
                gone += (
                    await connection.execute(delete(session).where(self._database.among(session.c.handle, piece)))
                ).rowcount
            await append_entry(connection, audit)
        return gone

    @repeated
    async def prune_sessions(self, ended_before: datetime, unseen_since: datetime) -> int:
        """Remove sessions past their end, and logins not seen since; give how many."""
        idle = and_(session.c.kind == "login", session.c.seen_at < unseen_since)
        async with self._database.change(alone=True) as connection:
            result = await connection.execute(delete(session).where(or_(session.c.ends_at < ended_before, idle)))
        return result.rowcount

    async def find_attempts(self, keys: Sequence[bytes]) -> dict[bytes, Attempts]:
        """Give the counters of failed logins that are kept under these keys."""
        query = select(login_attempt).where(login_attempt.c.key.in_(keys))
        async with self._database.look() as connection:
            rows = await connection.execute(query)
            return {row.key: Attempts(row.failures, row.last_at) for row in rows}

    @repeated
    async def count_attempt(self, keys: Sequence[bytes], at: datetime, forget_before: datetime) -> dict[bytes, int]:
        """Raise the counters by one and give them; one last raised before `forget_before` begins again at one."""
        counts: dict[bytes, int] = {}
        raised = case((login_attempt.c.last_at < forget_before, 1), else_=login_attempt.c.failures + 1)
        async with self._database.change() as connection:
            for key in sorted(keys):  # in one order, so that nobody waits in a ring
                new = self._database.insert(login_attempt).values(key=key, failures=1, last_at=at)
                change = new.on_conflict_do_update(
                    index_elements=[login_attempt.c.key], set_={"failures": raised, "last_at": at}
                ).returning(login_attempt.c.failures)
                counts[key] = (await connection.execute(change)).scalar_one()
        return counts

    @repeated
    async def forgive_attempt(self, keys: Sequence[bytes]) -> None:
        """Lower counters by one, never below nothing."""
        change = update(login_attempt).where(login_attempt.c.key.in_(keys), login_attempt.c.failures > 0)
        async with self._database.change(alone=True) as connection:
            await connection.execute(change.values(failures=login_attempt.c.failures - 1))

    @repeated
    async def clear_attempts(self, keys: Sequence[bytes]) -> None:
        """Set counters back to nothing."""
        async with self._database.change(alone=True) as connection:
            await connection.execute(delete(login_attempt).where(login_attempt.c.key.in_(keys)))

    @repeated
    async def prune_attempts(self, last_before: datetime) -> int:
        """Remove counters last raised before a time; give how many."""
        async with self._database.change(alone=True) as connection:
            result = await connection.execute(delete(login_attempt).where(login_attempt.c.last_at < last_before))
        return result.rowcount
