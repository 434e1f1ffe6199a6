"""What PostgreSQL tells of types: the parameters and columns of a statement, and the types that users have made."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.types import TypeInfo

from microflow_runtime.runtime.data_sources.values import refusal, to_json

_FIRST_OF_USERS: Final = 16_384
_JSON: Final = (114, 3802)
_OPEN: Final = (0, 705, 2276, 2277, 2283)
"""The types that may yet be anything."""
_MADE_BY_USERS: Final = (
    "select typname, oid::int8, typarray::int8, typbasetype::int8 from pg_type "
    "where typtype in ('e', 'd') and typarray <> 0 and oid >= 16384"
)


_WORDS: Final = {
    **dict.fromkeys((20, 21, 23, 26, 700, 701, 1700), "number"),
    **dict.fromkeys((18, 19, 25, 1042, 1043, 2950), "string"),
    16: "boolean",
    1082: "date",
    1083: "time",
    **dict.fromkeys((1114, 1184), "date and time"),
}
"""The words of formulas for the types whose values formulas have."""


def word_of(number: int) -> str:
    """Give the word of formulas for a type; empty for one that `columns` has to tell, or that is anything."""
    return _WORDS.get(number, "")


class Described(NamedTuple):
    """What the server told of a statement without running it: types as numbers of its catalog."""

    parameters: tuple[int, ...]
    columns: tuple[tuple[str, int], ...]


async def learn_types(connection: psycopg.AsyncConnection[Any]) -> None:
    """Have arrays of enums and domains come as lists; psycopg knows the types alone that every server has."""
    adapters = connection.adapters
    cursor = await connection.execute(_MADE_BY_USERS)
    for name, number, array, base in await cursor.fetchall():
        TypeInfo(name, number, array).register(connection)
        if base and base < _FIRST_OF_USERS:
            loader = adapters.get_loader(base, Format.TEXT)
            if loader is not None:
                adapters.register_loader(number, loader)


async def describe(connection: psycopg.AsyncConnection[Any], sql: str, values: Sequence[Any]) -> Described:
    """Ask for the types of a statement whose parameters are numbered. Null stands for one of an unknown type. Raises psycopg.Error."""
    transformer = Transformer(connection)
    transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
    async with connection.lock:
        server = connection.pgconn
        server.send_prepare(b"", sql.encode(), transformer.types or None)
        _one(await connection.wait(generators.execute(server)))
        server.send_describe_prepared(b"")
        result = _one(await connection.wait(generators.execute(server)))
    names = [(result.fname(index) or b"").decode() for index in range(result.nfields)]
    return Described(
        tuple(result.param_type(index) for index in range(result.nparams)),
        tuple((name, result.ftype(index)) for index, name in enumerate(names)),
    )


def _one(results: Sequence[Any]) -> Any:
    result = results[-1]
    if result.status != ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(result)
    return result


def fit_list(name: str, items: list[Any], written: list[Any], place: int) -> Any:
    """Give a list as its place takes it: an array, or JSON. Raises NodeError for a place of another type."""
    if place in _JSON:
        return to_json(items)
    info = psycopg.adapters.types.get(place)
    if place in _OPEN or place >= _FIRST_OF_USERS or info is None or info.array_oid == place:
        return written
    raise refusal(f"`:{name}` is a list, which its place of the type {info.name} cannot hold; write `= any(:{name})`.")
