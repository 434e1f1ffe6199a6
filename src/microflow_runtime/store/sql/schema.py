"""Which schemas this code works with, and what it says of one that it finds.

The schema is the number of the newest migration of the line `pre`. Those only add, so older code works with a newer
schema, unless a migration of the line `post` has removed what it needs. That one writes the floor: the schema whose code
is the oldest that still works.
"""

import msgspec

from microflow_runtime.errors import StoreError

HEAD = "0005"
"""The newest schema, which this code makes; a test holds it to the files in `migrations/pre`."""
FLOOR_KEY = "schema_floor"
"""Where the floor is kept among the values that the server keeps for itself."""


class Found(msgspec.Struct, frozen=True):
    """What a database holds: its schema, None when there is none yet, and its floor."""

    schema: str | None
    floor: str = ""


def is_behind(found: Found) -> bool:
    """Tell whether migrations have to be applied. Raises StoreError when this code is too old for what was found."""
    if found.floor > HEAD:
        raise StoreError(
            f"The store has schema {found.schema}, which needs a newer version: this one knows {HEAD}, "
            f"and what it needs was removed for {found.floor}."
        )
    return found.schema is None or found.schema < HEAD
