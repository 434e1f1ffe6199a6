"""Passwords: argon2id, hashed in a small pool of threads, the same work for users that exist and those that do not."""

import asyncio
import os
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from microflow_runtime.errors import BadRequest, NotAvailable

MOST_BYTES = 1024
"""Longest password, in bytes of UTF-8 after NFC; hashing takes time that grows with it."""
_Result = TypeVar("_Result")


class Verdict(msgspec.Struct, frozen=True):
    """Whether a password fits its hash, and whether the hash was made with weaker parameters than today's."""

    fits: bool
    is_weak: bool = False


class Passwords:
    """Hashes and verifies passwords. The parameters are those RFC 9106 recommends where memory is scarce: 64 MiB.

    At most `threads` passwords are hashed at once and `waiting` more may wait; what comes then is refused (503), so
    that logins cannot take the machine.
    """

    def __init__(
        self, *, time_cost: int = 3, memory_kib: int = 65536, parallelism: int = 4, threads: int = 2, waiting: int = 32
    ) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)
        self._most = threads + waiting
        self._under_way = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._dummy = _make_dummy(time_cost, memory_kib, parallelism)

    async def hash(self, password: str) -> str:
        """Give the hash of a new password. Raises BadRequest when it is empty or too long, NotAvailable when busy."""
        content = _prepare(password)
        if not content:
            raise BadRequest("A password must not be empty.")
        return await self._run(lambda: self._hasher.hash(content))

    async def verify(self, password_hash: str | None, password: str) -> Verdict:
        """Compare a password with a hash; None stands for a user that does not exist and takes as long.

        Raises BadRequest when the password is too long, NotAvailable when too many are waiting.
        """
        content = _prepare(password)
        return await self._run(lambda: self._verify(password_hash, content))

    def _verify(self, password_hash: str | None, content: bytes) -> Verdict:
        try:
            self._hasher.verify(password_hash or self._dummy, content)
        except (VerificationError, InvalidHashError):
            return Verdict(fits=False)
        if password_hash is None:
            return Verdict(fits=False)
        return Verdict(fits=True, is_weak=self._hasher.check_needs_rehash(password_hash))

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        if self._under_way >= self._most:
            raise NotAvailable("Too many logins at once.", retry_after_seconds=1)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._under_way -= 1

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _prepare(password: str) -> bytes:
    """Give the bytes that are hashed: NFC, so that the same letters typed on another system are the same password."""
    if len(password) > MOST_BYTES:
        raise BadRequest(f"A password has at most {MOST_BYTES} bytes.")
    try:
        content = unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError as cause:
        raise BadRequest("A password must be well-formed text.") from cause
    if len(content) > MOST_BYTES:
        raise BadRequest(f"A password has at most {MOST_BYTES} bytes.")
    return content


def _make_dummy(time_cost: int, memory_kib: int, parallelism: int) -> str:
    """Give a hash that no password is known for and that costs as much as a real one to compare with."""
    salt, tag = (b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}${salt}${tag}"
