"""Slowing down guesses."""

import asyncio
from typing import Any

import pytest

from microflow_runtime.errors import TooManyRequests
from microflow_runtime.security.throttle import ADDRESS_FREE, PAIR_FREE, LoginThrottle, group_address


@pytest.fixture
def throttle(memory_store: Any, clock: Any) -> LoginThrottle:
    """Give a throttle without failures."""
    return LoginThrottle(memory_store, clock)


async def test_the_first_failures_cost_nothing(throttle: LoginThrottle, clock: Any) -> None:
    """Five are free, then the delay is there and doubles with each further failure."""
    for _ in range(PAIR_FREE):
        await throttle.enter("suda", "10.0.0.1")
    waits = []
    for _ in range(4):
        with pytest.raises(TooManyRequests) as caught:
            await throttle.enter("suda", "10.0.0.1")
        waits.append(caught.value.retry_after_seconds)
        clock.move(caught.value.retry_after_seconds)
        await throttle.enter("suda", "10.0.0.1")
    assert waits == [2, 3, 5, 9]


async def test_a_refused_attempt_does_not_lengthen_the_delay(throttle: LoginThrottle, clock: Any) -> None:
    """Trying again too early is refused and not counted."""
    for _ in range(PAIR_FREE):
        await throttle.enter("suda", "10.0.0.1")
    for _ in range(20):
        with pytest.raises(TooManyRequests):
            await throttle.enter("suda", "10.0.0.1")
    clock.move(2)
    await throttle.enter("suda", "10.0.0.1")


async def test_others_cannot_lock_the_owner_out(throttle: LoginThrottle, clock: Any) -> None:
    """Failures from one address do not refuse the same user from another; it waits two seconds at most."""
    for number in range(200):
        await throttle.enter("suda", f"10.0.{number}.1")
    await throttle.enter("suda", "192.168.0.1")
    assert max(clock.sleeps) == 2.0
    assert len(clock.sleeps) == 191


async def test_one_address_cannot_try_every_user(throttle: LoginThrottle) -> None:
    """Spraying many names from one address is delayed as well, another address is not."""
    for number in range(ADDRESS_FREE):
        await throttle.enter(f"user{number}", "10.0.0.1")
    with pytest.raises(TooManyRequests):
        await throttle.enter("somebody", "10.0.0.1")
    await throttle.enter("somebody", "10.0.0.2")


async def test_good_logins_are_not_held_against_an_address(throttle: LoginThrottle) -> None:
    """Hundreds of good logins behind one address leave nothing behind."""
    for number in range(200):
        await throttle.enter(f"user{number % 3}", "10.0.0.1")
        await throttle.forgive(f"user{number % 3}", "10.0.0.1")


async def test_a_good_login_forgets_the_failures(throttle: LoginThrottle) -> None:
    """After a success the user has five free failures again."""
    for _ in range(PAIR_FREE):
        await throttle.enter("suda", "10.0.0.1")
    await throttle.forgive("suda", "10.0.0.1")
    for _ in range(PAIR_FREE):
        await throttle.enter("suda", "10.0.0.1")


async def test_an_attempt_that_guessed_nothing_is_taken_back_alone(throttle: LoginThrottle) -> None:
    """Taking back lowers by one and does not forget the failures before it."""
    for _ in range(PAIR_FREE):
        await throttle.enter("suda", "10.0.0.1")
    await throttle.take_back("suda", "10.0.0.1")
    await throttle.enter("suda", "10.0.0.1")
    with pytest.raises(TooManyRequests):
        await throttle.enter("suda", "10.0.0.1")


async def test_failures_are_forgotten_with_time(throttle: LoginThrottle, clock: Any) -> None:
    """A quarter of an hour without a failure ends the delay."""
    for _ in range(PAIR_FREE):
        await throttle.enter("suda", "10.0.0.1")
    clock.move(15 * 60 + 1)
    for _ in range(PAIR_FREE):
        await throttle.enter("suda", "10.0.0.1")


async def test_guesses_at_once_do_not_slip_through(throttle: LoginThrottle) -> None:
    """Of thirty attempts made together no more are let through than are free."""
    answers = await asyncio.gather(*(throttle.enter("suda", "10.0.0.1") for _ in range(30)), return_exceptions=True)
    assert sum(answer is None for answer in answers) <= PAIR_FREE + 1
    assert all(answer is None or isinstance(answer, TooManyRequests) for answer in answers)


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_address_stands_for_its_owner(address: str, group: str) -> None:
    """IPv6 counts by /64, mapped IPv4 as itself, and what is no address as it is."""
    assert group_address(address) == group
