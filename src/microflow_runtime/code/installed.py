"""The functions that the operator's installed distributions declare, by name. Nothing is imported to find them."""

import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Final

GROUP: Final = "microflow_runtime.code"
"""The group of entry points."""

_Stamp = tuple[tuple[str, int], ...]


def installed_functions() -> Mapping[str, tuple[str, ...]]:
    """Give the places of functions, as `shop.scoring:score`, by name: several where distributions claim the same name.

    Distributions are looked for anew when a folder of the path has changed.
    """
    return _found(tuple((folder, _changed_ns(folder)) for folder in sys.path))


def _changed_ns(folder: str) -> int:
    try:
        return Path(folder or ".").stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=1)
def _found(_stamp: _Stamp) -> Mapping[str, tuple[str, ...]]:
    places: dict[str, list[str]] = {}
    for point in entry_points(group=GROUP):
        known = places.setdefault(point.name, [])
        if point.value not in known:
            known.append(point.value)
    return MappingProxyType({name: tuple(values) for name, values in sorted(places.items())})
