"""The settings of the node."""

from typing import Annotated, Literal

import msgspec


class DatabaseSettings(msgspec.Struct, frozen=True):
    """Where to ask, and what."""

    source: Annotated[str, msgspec.Meta(description="The name of a data source of the application.")]
    command: Annotated[
        Literal["select", "insert", "update", "delete", "merge", "call"],
        msgspec.Meta(description="What the statement does."),
    ]
    sql: Annotated[
        str, msgspec.Meta(description="The statement; `:name` stands for the value that `in` gives for name.")
    ]
    batch: Annotated[
        str | None,
        msgspec.Meta(
            description="A formula that gives a list: the statement is run for each item, all or nothing; `:name` is then the item's field."
        ),
    ] = None
    columns: Annotated[
        dict[str, str],
        msgspec.Meta(
            description="Types of columns where the database does not say, as money kept in text; `decimal?` where it may be null, `json`, `base64`."
        ),
    ] = {}
    parameters: Annotated[
        dict[str, Literal["json", "base64"]],
        msgspec.Meta(description="Parameters that are kept as JSON, or as the bytes that a text in base64 stands for."),
    ] = {}
