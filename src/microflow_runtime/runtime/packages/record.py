"""What a package is once it was read, and how large one may be."""

from typing import Final, Literal

import msgspec

from microflow_runtime.compiler.reading import AppSource

PackageKind = Literal["full", "flows", "patch"]

MIB: Final = 1024 * 1024
MAX_PACKAGE_BYTES: Final = 64 * MIB
MAX_UNPACKED_BYTES: Final = 128 * MIB
MAX_RATIO: Final = 100
RATIO_FLOOR_BYTES: Final = MIB
"""So much may any package hold, however tightly it is packed."""
MAX_ENTRIES: Final = 50_000


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A package in memory. `name` is what it was asked for by, the label of its `source`.

    `kind` is `full` for a whole app, `flows` for chosen flows with all that they need, `patch` for files that are laid
    over the snapshot `base` of the same app, whose files `removed` (relative paths) are left out then.
    """

    name: str
    source: AppSource
    kind: PackageKind = "full"
    base: str = ""
    removed: tuple[str, ...] = ()
