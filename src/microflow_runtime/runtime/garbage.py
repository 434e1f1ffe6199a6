"""The garbage collector beside a catalog that lives long: a full collection looks at all of it, and callers would wait.

So what a refresh has left standing is put out of the collector's sight. Catalogs, documents and plans hold no rings, so a
replaced one goes by itself; a test refreshes some hundred times and looks at the memory.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_NEVER: Final = 1_000_000
_FEW: Final = 4


@contextmanager
def full_collections_held() -> Iterator[None]:
    """Hold full collections while a catalog is built; then settle. Young objects are collected as always."""
    young, middle, full = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
    before = _collections()
    try:
        yield
    finally:
        gc.set_threshold(young, middle, full)
        settle(little=_collections() - before <= _FEW)


def settle(*, little: bool = False) -> None:
    """Put what there is out of the collector's sight; of `little`, garbage is taken out first, which would else take long."""
    gc.collect(1)
    if little:
        gc.collect()
    gc.freeze()


def _collections() -> int:
    """Count the collections of middle-aged objects so far: each leaves some thousand objects to the old at most."""
    return int(gc.get_stats()[1]["collections"])


def give_back() -> None:
    """Give free memory back to the system, where the C library can: what a large refresh needed is not kept for the next.

    Takes a millisecond or a few, without holding the interpreter.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
