"""Turns every error of the drivers into StoreError, at the one place where they leave the store."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from microflow_runtime.errors import Conflict, StoreError

_BY_CODE = {
    sqlite3.SQLITE_IOERR_SHMSIZE: "The store's disk is full.",  # no room for the index of the log, made when it is opened
    sqlite3.SQLITE_FULL: "The store's disk is full.",
    sqlite3.SQLITE_READONLY: "The store is read-only.",
    sqlite3.SQLITE_BUSY: "The store is locked by another process.",
    sqlite3.SQLITE_LOCKED: "The store is locked by another process.",
    sqlite3.SQLITE_CANTOPEN: "The store cannot be opened.",
    sqlite3.SQLITE_CORRUPT: "The store is damaged.",
    sqlite3.SQLITE_NOTADB: "The store's file is not a database.",
    sqlite3.SQLITE_IOERR: "The store's disk failed.",
    sqlite3.SQLITE_PERM: "The store may not be written.",
    sqlite3.SQLITE_AUTH: "The store may not be written.",
    sqlite3.SQLITE_TOOBIG: "A value is too large for the store.",
}

_UNREACHABLE = "The store cannot be reached."
_MISFIT = "A value does not fit the store."
_BY_STATE = {
    "25006": "The store is read-only.",
    "28": "The store refuses its user or password.",
    "3D": "The store's database does not exist.",
    "42501": "The store may not be written.",
    "53100": "The store's disk is full.",
    "53300": "The store takes no more connections.",
    "53": "The store is short of memory.",
    "54": "A value is too large for the store.",
    "55P03": "The store is locked by another process.",
    "57014": "The store took too long.",
    "57P": _UNREACHABLE,
    "08": _UNREACHABLE,
    "22": _MISFIT,
    "58": "The store's disk failed.",
    "XX001": "The store is damaged.",
    "XX002": "The store is damaged.",
}
"""By the state that PostgreSQL gives, or the beginning of it."""
_INTERRUPTED = frozenset({"40001", "40P01"})
_WHILE_CONNECTING = (
    ("hot standby", "The store's PostgreSQL only replicates another; name the primary."),
    ("password authentication failed", "The store refuses its user or password."),
    ("no password supplied", "The store refuses its user or password."),
    ("pg_hba.conf", "The store refuses its user or password."),
    ("too many clients", "The store takes no more connections."),
    ("remaining connection slots", "The store takes no more connections."),
    ("does not exist", "The store's database or user does not exist."),
    ("certificate", "The store's certificate is not accepted."),
)
"""What the driver says when there is no connection yet and so no state."""


class Interrupted(StoreError):
    """The database took a transaction back for the sake of another one; it can be repeated."""


class Unreachable(StoreError):
    """There is no connection to the database; it may come back."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise StoreError for whatever a driver or the file system raises inside, Conflict for a broken constraint.

    The message names what is wrong and no path; the cause stays attached for the log.
    """
    try:
        yield
    except IntegrityError as cause:
        raise Conflict("It does not fit what the store holds already.") from cause
    except PoolTimeout as cause:
        raise StoreError("The store is too busy.") from cause
    except StatementError as cause:
        raise store_error(cause.orig) from cause
    except SQLAlchemyError as cause:
        raise StoreError("The store failed.") from cause
    except (sqlite3.Error, OSError, OverflowError, UnicodeEncodeError) as cause:
        raise store_error(cause) from cause


def misfit() -> StoreError:
    """Give the error for a value that the store does not take."""
    return StoreError(_MISFIT)


def store_error(cause: BaseException | None) -> StoreError:
    """Give the error for what a driver raised."""
    sentence = describe_failure(cause)
    if getattr(cause, "sqlstate", None) in _INTERRUPTED:
        return Interrupted("The store is too busy.")
    return Unreachable(sentence) if sentence == _UNREACHABLE else StoreError(sentence)


def describe_failure(cause: BaseException | None) -> str:
    """Give one sentence for what a driver raised."""
    seen = 0
    while cause is not None and seen < 8:
        code = getattr(cause, "sqlite_errorcode", None)
        if isinstance(code, int):
            return _BY_CODE.get(code) or _BY_CODE.get(code & 0xFF, "The store failed.")
        if isinstance(cause, OverflowError | UnicodeEncodeError | ValueError):
            return _MISFIT
        if isinstance(cause, OSError):
            return _UNREACHABLE
        if hasattr(cause, "sqlstate"):
            return _describe_postgresql(cause)
        cause = cause.__cause__ or cause.__context__
        seen += 1
    return "The store failed."


def _describe_postgresql(cause: BaseException) -> str:
    state: str | None = getattr(cause, "sqlstate", None)
    if state is None:
        kinds = {kind.__name__ for kind in type(cause).__mro__}
        if "OperationalError" not in kinds:
            return _MISFIT if "DataError" in kinds else "The store failed."
        text = str(cause)
        return next((told for word, told in _WHILE_CONNECTING if word in text), _UNREACHABLE)
    for length in (5, 3, 2):
        if (sentence := _BY_STATE.get(state[:length])) is not None:
            return sentence
    return "The store failed."
