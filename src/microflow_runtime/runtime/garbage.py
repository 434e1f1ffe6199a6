"""The garbage collector beside a catalog that lives long: a full collection looks at all of it, and callers would wait.

So what a refresh has left standing is put out of the collector's sight. Catalogs, documents and plans hold no rings, so a
replaced one goes by itself; a test refreshes some hundred times and looks at the memory.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_NEVER: Final = 1_000_000
_FEW: Final = 50_000


@contextmanager
def full_collections_held() -> Iterator[None]:
    """Hold full collections while a catalog is built; then settle. Young objects are collected as always."""
    young, middle, full = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, full)
        settle()


def settle() -> None:
    """Put what there is out of the collector's sight, garbage taken out first unless that would take long."""
    gc.collect(1)
    if len(gc.get_objects(generation=2)) < _FEW:
        gc.collect()
    gc.freeze()
