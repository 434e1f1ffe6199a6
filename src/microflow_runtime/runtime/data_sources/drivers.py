"""The kinds of databases there are, and how a connection to one is made. A driver is loaded when it is first needed."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from time import monotonic
from typing import Final

import msgspec

from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.runtime.connections.addresses import Network
from microflow_runtime.runtime.connections.egress import EgressRules, Resolve, permitted_addresses
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


Reach = Callable[[Place], Awaitable[list[str]]]
"""Gives the addresses of a place that may be connected to, best first. Raises OSError, TimeoutError, and NodeError where one may not."""


def reach_by(networks: Iterable[Network], resolve: Resolve) -> Reach:
    """Look names up by the rules of egress. The host of a data source may be in a private network: there databases stand."""
    known = tuple(networks)

    async def reach(place: Place) -> list[str]:
        rules = EgressRules(known, (place.host, place.port), is_private_by_name=True)
        return await permitted_addresses(rules, resolve, place.host, place.port, monotonic() + place.connect_seconds)

    return reach


async def connect(place: Place, secrets: Secrets, reach: Reach) -> Session:
    """Make a connection, to an address that was checked.

    Raises NodeError, which tells neither server nor user: `database.busy` when the database has no room for another
    connection, `database.denied` where one of its addresses may not be connected to, `database.unreachable` for everything else.
    """
    try:
        password = None if place.secret is None else secrets.get(place.secret)
        if place.host:
            place = msgspec.structs.replace(place, addresses=tuple(await _addresses(place, reach)))
        return await DRIVERS[place.kind](place, password)
    except (OSError, TimeoutError, sqlite3.Error, SettingsError, ValueError) as error:
        raise _refused(place, str(error), is_full=False) from error


async def _addresses(place: Place, reach: Reach) -> list[str]:
    try:
        addresses = await reach(place)
    except NodeError as error:
        _log.warning("address denied", app=place.app, source=place.source, reason=error.message)
        message = f"{place.told} has an address that may not be connected to; the server's log tells which."
        raise NodeError(message, kind="database.denied") from error
    if not addresses:
        raise OSError("the name has no address")
    return addresses


def _refused(place: Place, reason: str, *, is_full: bool) -> NodeError:
    """Give the error of a connection that could not be made; what the driver said goes to the log alone."""
    _log.warning("no connection", app=place.app, source=place.source, reason=reason)
    if is_full:
        return NodeError(f"{place.told} has no room for another connection.", kind="database.busy", retryable=True)
    return NodeError(
        f"{place.told} cannot be reached; the server's log tells why.", kind="database.unreachable", retryable=True
    )
