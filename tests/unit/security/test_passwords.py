"""Hashing of passwords."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from microflow_runtime.errors import BadRequest, NotAvailable
from microflow_runtime.security.passwords import Passwords, Verdict


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    """Give a cheap hasher."""
    made = Passwords(time_cost=1, memory_kib=8, parallelism=1)
    yield made
    made.close()


async def test_a_password_fits_its_own_hash_only(passwords: Passwords) -> None:
    """The hash is argon2id, salted anew each time, and fits nothing else."""
    first, second = await passwords.hash("correct"), await passwords.hash("correct")
    assert first.startswith("$argon2id$")
    assert first != second
    assert await passwords.verify(first, "correct") == Verdict(fits=True, is_weak=False)
    assert await passwords.verify(first, "Correct") == Verdict(fits=False)


async def test_the_same_letters_are_the_same_password(passwords: Passwords) -> None:
    """A letter composed on one system and decomposed on another is one password."""
    assert (await passwords.verify(await passwords.hash("caf\u00e9"), "cafe\u0301")).fits


async def test_nobody_has_a_password_that_fits(passwords: Passwords) -> None:
    """Without a user no password is right, and a broken hash fits nothing instead of failing."""
    assert await passwords.verify(None, "") == Verdict(fits=False)
    assert await passwords.verify("$argon2id$nonsense", "x") == Verdict(fits=False)


async def test_the_dummy_costs_what_a_real_hash_costs() -> None:
    """The hash that stands for unknown users has the parameters of the hasher, so that comparing takes as long."""
    passwords = Passwords(time_cost=2, memory_kib=64, parallelism=1)
    real = await passwords.hash("x")
    passwords.close()
    assert passwords._dummy.rsplit("$", 2)[0] == real.rsplit("$", 2)[0]
    assert len(passwords._dummy) == len(real)


async def test_a_weak_hash_is_told(passwords: Passwords) -> None:
    """A hash made with lower parameters still fits and says that it is weak."""
    stronger = Passwords(time_cost=2, memory_kib=16, parallelism=1)
    assert await stronger.verify(await passwords.hash("x"), "x") == Verdict(fits=True, is_weak=True)
    stronger.close()


async def test_length_is_counted_in_bytes(passwords: Passwords) -> None:
    """1,024 bytes are taken, one more is refused, whatever the number of characters."""
    assert await passwords.hash("x" * 1024)
    assert await passwords.hash("\u0e01" * 341)
    for password in ("x" * 1025, "\u0e01" * 342, "x" * 10_000_000):
        with pytest.raises(BadRequest):
            await passwords.verify(None, password)


async def test_what_cannot_be_a_password_is_refused(passwords: Passwords) -> None:
    """A lone surrogate is refused, and a new password must not be empty."""
    with pytest.raises(BadRequest):
        await passwords.verify(None, "\ud800")
    with pytest.raises(BadRequest):
        await passwords.hash("")


async def test_only_so_many_wait() -> None:
    """Beyond the pool and its queue a login is refused with the time to wait, and later ones are taken again."""
    passwords = Passwords(time_cost=3, memory_kib=1024, parallelism=1, threads=1, waiting=1)
    answers = await asyncio.gather(*(passwords.verify(None, "x") for _ in range(5)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, NotAvailable)]
    assert len(refused) == 3
    assert refused[0].retry_after_seconds == 1
    assert not (await passwords.verify(None, "x")).fits
    passwords.close()
