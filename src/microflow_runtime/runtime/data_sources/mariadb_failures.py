"""What MariaDB's error numbers mean. Its own SQLSTATE tells too little: 23000 stands for every kind of constraint."""

from collections.abc import Mapping
from typing import Final

from asyncmy.errors import Error

from microflow_runtime.runtime.data_sources.failures import Failure

_GONE: Final = frozenset({2002, 2003, 2005, 2006, 2013, 2014, 2026, 2055, 1053, 1927, 4031})
_BUSY: Final = frozenset({1040, 1203, 1205, 1226, 3572})
_CONFLICTS: Final = frozenset({1213, 1020})
_STOPPED: Final = frozenset({1317, 1969, 3024})
_RULES: Final[Mapping[int, str]] = {
    1022: "unique",
    1062: "unique",
    1586: "unique",
    1048: "not null",
    1364: "not null",
    1216: "foreign key",
    1217: "foreign key",
    1451: "foreign key",
    1452: "foreign key",
    4025: "check",
}
_STATES: Final = {"unique": "23505", "not null": "23502", "foreign key": "23503", "check": "23514"}
"""The SQLSTATE that the standard and PostgreSQL have."""


def failure_of(error: Exception, *, is_connected: bool) -> Failure:
    """Explain an error of the driver, or of the network below it."""
    number, told = _told(error)
    code = str(number or "")
    if number in _GONE or not is_connected or not isinstance(error, Error):
        return Failure(
            told="the connection was lost", kind="database.unreachable", code=code, retryable=True, is_gone=True
        )
    if number in _CONFLICTS:
        return Failure(told=told, kind="database.conflict", sqlstate="40001", code=code, retryable=True, loses_all=True)
    if number in _BUSY:
        return Failure(told=told, kind="database.busy", code=code, retryable=True)
    if number in _STOPPED:
        return Failure(told=told, kind="timeout", sqlstate="57014", code=code)
    rule = _RULES.get(number)
    if rule is not None:
        return Failure(told=told, kind="database.constraint", sqlstate=_STATES[rule], code=code, rule=rule)
    return Failure(told=told, code=code)


def _told(error: Exception) -> tuple[int, str]:
    arguments = error.args
    if len(arguments) == 2 and isinstance(arguments[0], int):
        return arguments[0], str(arguments[1]).rstrip(".")
    return 0, str(error).rstrip(".")
