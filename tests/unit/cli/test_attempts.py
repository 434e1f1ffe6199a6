"""How often workers may fail to start, and how long is waited between."""

from microflow_runtime.cli.attempts import FIRST_ATTEMPTS, MOST_ATTEMPTS, SERVED_SECONDS, Attempts


def test_a_sound_worker_is_started_again_at_once() -> None:
    """One that served is replaced without a pause, however often that happens."""
    attempts = Attempts(1)
    assert [attempts.note_end(0, SERVED_SECONDS) for _ in range(20)] == [0.0] * 20
    assert not attempts.are_hopeless(has_served=True)


def test_pauses_grow_between_starts_that_come_to_nothing() -> None:
    """The first failure is tried again at once, then the pause doubles up to five seconds, until one serves."""
    attempts = Attempts(2)
    pauses = [attempts.note_end(1, 0.0) for _ in range(10)]
    assert pauses == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert attempts.failed(1) == 10
    attempts.note_end(1, SERVED_SECONDS + 1)
    assert attempts.failed(1) == 0
    assert attempts.note_end(1, 0.0) == 0.0


def test_there_is_hope_while_one_worker_serves() -> None:
    """Only when every worker fails again and again is it given up, sooner for a server that never served."""
    attempts = Attempts(2)
    for _ in range(MOST_ATTEMPTS):
        attempts.note_end(0, 0.0)
    assert not attempts.are_hopeless(has_served=False)
    for _ in range(FIRST_ATTEMPTS):
        attempts.note_end(1, 0.0)
    assert attempts.are_hopeless(has_served=False)
    assert not attempts.are_hopeless(has_served=True)
    for _ in range(MOST_ATTEMPTS - FIRST_ATTEMPTS):
        attempts.note_end(1, 0.0)
    assert attempts.are_hopeless(has_served=True)
