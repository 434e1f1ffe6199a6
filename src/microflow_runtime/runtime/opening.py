"""To whom a version of a flow is open: by its own word and by that of the version that is active.

A version that is not active any more keeps what it says for ever. Where the active one says less, that is what counts, or
a caller could choose an older version to be let in by. Why: docs/decisions/0140-rights-of-the-active-version.md.
"""

from collections.abc import Iterable
from typing import NamedTuple

from microflow_runtime.runtime.manifest import FlowRecord


class Opening(NamedTuple):
    """The account that callers without a session run a flow as, and whether the account in its `runs_as` is withheld."""

    anonymous_as: str | None
    lacks_runs_as: bool


def opening_of(record: FlowRecord, namesakes: Iterable[FlowRecord]) -> Opening:
    """Give to whom a version is open. `namesakes` are all versions of all flows of its name, itself among them.

    Both versions must name the same account. Where no version of the flow is active, no account is given.
    """
    if record.active:
        return Opening(record.anonymous_as, lacks_runs_as=False)
    active = next((other for other in namesakes if other.active and other.app == record.app), None)
    is_open = active is not None and active.anonymous_as == record.anonymous_as
    runs_alike = record.runs_as is None or (active is not None and active.runs_as == record.runs_as)
    return Opening(record.anonymous_as if is_open else None, lacks_runs_as=not runs_alike)
