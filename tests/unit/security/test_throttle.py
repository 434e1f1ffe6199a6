"""Slowing down guesses."""

import asyncio
from typing import Any

import pytest

from microflow_runtime.errors import BadRequest, NotAuthenticated, NotAvailable, TooManyRequests
from microflow_runtime.security.throttle import (
    ADDRESS_FREE,
    PAIR_FREE,
    PATIENCE_SECONDS,
    LoginThrottle,
    group_address,
)


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
    for _ in range(PAIR_FREE - 1):
        await throttle.enter("suda", "10.0.0.1")
    with pytest.raises(BadRequest):
        async with throttle.attempt("suda", "10.0.0.1"):
            raise BadRequest("too long")
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


class Guessing:
    """Attempts of one user from one address through several workers. `most_at_once` is how many were looked at together."""

    def __init__(self, throttles: list[LoginThrottle]) -> None:
        self._throttles = throttles
        self._now = 0
        self.looked_at = 0
        self.most_at_once = 0

    async def make(self, number: int, *, is_good: bool) -> list[Any]:
        """Make attempts at once, spread over the workers, and give what each was answered: None when it was let in."""
        made = (self._attempt(self._throttles[at % len(self._throttles)], is_good) for at in range(number))
        return await asyncio.gather(*made, return_exceptions=True)

    async def _attempt(self, throttle: LoginThrottle, is_good: bool) -> None:
        async with throttle.attempt("suda", "10.0.0.1"):
            self.looked_at += 1
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            for _ in range(5):
                await asyncio.sleep(0)
            self._now -= 1
            if not is_good:
                raise NotAuthenticated("wrong")


@pytest.mark.parametrize("workers", [1, 4, 12])
async def test_good_logins_at_once_wait_for_each_other(memory_store: Any, clock: Any, workers: int) -> None:
    """Twelve, or sixty, of one user are all let in, on however many workers, and nothing is held against the user."""
    guessing = Guessing([LoginThrottle(memory_store, clock) for _ in range(workers)])
    for number in (12, 60):
        assert await guessing.make(number, is_good=True) == [None] * number
    assert guessing.most_at_once <= PAIR_FREE
    assert await guessing.make(PAIR_FREE - 1, is_good=False) != []
    assert await guessing.make(1, is_good=True) == [None]


@pytest.mark.parametrize("workers", [1, 4, 12])
async def test_wrong_logins_at_once_are_looked_at_no_more_than_are_free(
    memory_store: Any, clock: Any, workers: int
) -> None:
    """Of sixty guesses made together five are compared, the others refused, with the seconds to wait."""
    guessing = Guessing([LoginThrottle(memory_store, clock) for _ in range(workers)])
    answers = await guessing.make(60, is_good=False)
    assert guessing.looked_at == PAIR_FREE
    refused = [answer for answer in answers if isinstance(answer, TooManyRequests)]
    assert (len(refused), {answer.retry_after_seconds for answer in refused} <= {1, 2}) == (60 - PAIR_FREE, True)
    clock.move(2)
    assert await guessing.make(3, is_good=True) == [None] * 3


async def test_an_attempt_that_was_given_up_has_failed(throttle: LoginThrottle, clock: Any) -> None:
    """Who hangs up while the password is compared is counted; others that wait for it are told in the end."""
    for _ in range(PAIR_FREE):
        with pytest.raises(asyncio.CancelledError):
            async with throttle.attempt("suda", "10.0.0.1"):
                raise asyncio.CancelledError
    task = asyncio.create_task(Guessing([throttle]).make(1, is_good=True))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not task.done()
    clock.move(0.5)
    clock.move(PATIENCE_SECONDS)
    assert await task == [None]


async def test_there_is_a_bound_on_those_that_wait(throttle: LoginThrottle, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes beyond it is told to come again."""
    monkeypatch.setattr("microflow_runtime.security.throttle.MOST_IN_TURN", 3)
    answers = await Guessing([throttle]).make(5, is_good=True)
    assert [type(answer) for answer in answers] == [type(None)] * 3 + [NotAvailable] * 2


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
