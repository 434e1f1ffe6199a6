"""The kinds of databases there are, and how a connection to one is made. A driver is loaded when it is first needed."""

import sqlite3
from collections.abc import Mapping
from typing import Final

from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.runtime.data_sources.place import Place
from microflow_runtime.runtime.data_sources.session import Open, Session
from microflow_runtime.settings import Secret, Secrets
from microflow_runtime.telemetry import get_log

_log: Final = get_log("data_sources")


async def _sqlite(place: Place, password: Secret | None) -> Session:
    from microflow_runtime.runtime.data_sources.sqlite import open_sqlite

    return await open_sqlite(place, password)


async def _postgresql(place: Place, password: Secret | None) -> Session:
    import psycopg

    from microflow_runtime.runtime.data_sources.postgresql import open_postgresql

    try:
        return await open_postgresql(place, password)
    except psycopg.Error as error:
        raise _refused(
            place, str(error), is_full="too many" in str(error) or "connection slots" in str(error)
        ) from error


async def _mariadb(place: Place, password: Secret | None) -> Session:
    from asyncmy.errors import Error

    from microflow_runtime.runtime.data_sources.mariadb import open_mariadb

    try:
        return await open_mariadb(place, password)
    except Error as error:
        raise _refused(place, str(error), is_full=error.args[:1] in {(1040,), (1203,), (1226,)}) from error


DRIVERS: Final[Mapping[str, Open]] = {"sqlite": _sqlite, "postgresql": _postgresql, "mariadb": _mariadb}


async def connect(place: Place, secrets: Secrets) -> Session:
    """Make a connection.

    Raises NodeError, which tells neither server nor user: `database.busy` when the database has no room for another
    connection, `database.unreachable` for everything else.
    """
    try:
        password = None if place.secret is None else secrets.get(place.secret)
        return await DRIVERS[place.kind](place, password)
    except (OSError, TimeoutError, sqlite3.Error, SettingsError, ValueError) as error:
        raise _refused(place, str(error), is_full=False) from error


def _refused(place: Place, reason: str, *, is_full: bool) -> NodeError:
    """Give the error of a connection that could not be made; what the driver said goes to the log alone."""
    _log.warning("no connection", app=place.app, source=place.source, reason=reason)
    if is_full:
        return NodeError(f"{place.told} has no room for another connection.", kind="database.busy", retryable=True)
    return NodeError(
        f"{place.told} cannot be reached; the server's log tells why.", kind="database.unreachable", retryable=True
    )
