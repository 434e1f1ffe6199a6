"""The revocation word in one process."""

from microflow_runtime.security import LocalRevocation


def test_every_bump_is_another_number() -> None:
    """Readers see that something changed."""
    word = LocalRevocation()
    before = word.read()
    word.bump()
    assert word.read() != before
