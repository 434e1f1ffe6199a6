"""Where `uuid()` takes its chance from: the system, unless a test says otherwise."""

import os
import threading
from collections.abc import Callable
from typing import Final


class _Source(threading.local):
    """What the present thread draws from."""

    draw: Callable[[int], bytes] = staticmethod(os.urandom)


_source: Final = _Source()


def set_random_source(draw: Callable[[int], bytes] = os.urandom) -> None:
    """Set what gives this thread so many random bytes."""
    _source.draw = draw


def random_bytes(count: int) -> bytes:
    """Give so many bytes that nobody can guess."""
    return _source.draw(count)
