"""The Secret type."""

import copy
import json
import pickle

import msgspec
import pytest

from microflow_runtime.settings import Secret


def test_a_secret_is_never_shown() -> None:
    """Every usual way to make a text of it gives three stars."""
    secret = Secret("s3cr3t")
    shown = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret:>10}",
        "".join(map(str, [secret])),
        repr([secret]),
        repr({"k": secret}),
    ]
    assert not any("s3cr3t" in text for text in shown)
    assert secret.reveal() == "s3cr3t"


def test_a_secret_is_not_written() -> None:
    """Pickling, copying and encoding fail instead of leaking."""
    for write in (pickle.dumps, copy.copy, json.dumps, msgspec.json.encode):
        with pytest.raises((TypeError, NotImplementedError)):
            write(Secret("s3cr3t"))


def test_secrets_compare_by_their_text() -> None:
    """Equal texts are equal secrets, a text is not a secret, and an empty one is false."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")
    assert len({Secret("a"), Secret("a")}) == 1
