"""The record of one thing that callers of a flow meet, and the kinds there are."""

from typing import Final, Literal, get_args

import msgspec

Side = Literal["input", "output", "flow"]
Kind = Literal[
    "added",
    "removed",
    "type",
    "list",
    "required",
    "limits",
    "default",
    "sensitive",
    "flow removed",
    "flow renamed",
    "flow id",
    "anonymous",
    "runs as",
    "flow limits",
    "time zone",
    "calls a changed flow",
    "changed inside",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller of a flow meets in the new version.

    `flow` is the name in the old version, `""` for what holds for every flow of the app. `path` leads to the value on the
    wire, from the parameter's name on (`RequestBO.lines.price`); lists are passed through without a mark, and it is `""`
    on the side `flow`. `breaking` tells whether a caller has to change what it sends, how it reads the answer, or how it
    addresses the flow. `sentence` says what was, what is, and what the caller must do.
    """

    flow: str
    side: Side
    path: str
    kind: Kind
    breaking: bool
    sentence: str
