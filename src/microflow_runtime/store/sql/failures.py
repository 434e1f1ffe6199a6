"""Turns every error of the drivers into StoreError, at the one place where they leave the store."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from microflow_runtime.errors import Conflict, StoreError

_BY_CODE = {
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
    except DBAPIError as cause:
        raise StoreError(describe_failure(cause.orig)) from cause
    except SQLAlchemyError as cause:
        raise StoreError("The store failed.") from cause
    except (sqlite3.Error, OSError, OverflowError, UnicodeEncodeError) as cause:
        raise StoreError(describe_failure(cause)) from cause


def describe_failure(cause: BaseException | None) -> str:
    """Give one sentence for what a driver raised."""
    seen = 0
    while cause is not None and seen < 8:
        code = getattr(cause, "sqlite_errorcode", None)
        if isinstance(code, int):
            return _BY_CODE.get(code & 0xFF, "The store failed.")
        if isinstance(cause, OverflowError | UnicodeEncodeError):
            return "A value does not fit the store."
        if isinstance(cause, OSError):
            return "The store cannot be reached."
        cause = cause.__cause__ or cause.__context__
        seen += 1
    return "The store failed."
