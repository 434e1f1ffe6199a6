"""What went wrong in a database, in words that hold for all of them: kinds to catch, and what it means for the transaction."""

from typing import Any, Final

import msgspec

from microflow_runtime.errors import NodeError

CONSTRAINT_RULES: Final = {
    "23502": "not null",
    "23503": "foreign key",
    "23505": "unique",
    "23514": "check",
    "23P01": "exclusion",
}
"""What a constraint demands, by the SQLSTATE that a database tells when it does not hold."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What a driver's error means. `told` is the database's own sentence, without its full stop.

    `again` is `soon` when waiting a little may help, `anew` when the transaction has to begin anew for it. `loses_all`
    tells that the transaction is undone as a whole, `is_gone` that the connection is.
    """

    told: str
    kind: str = "database"
    retryable: bool = False
    sqlstate: str = ""
    code: str = ""
    rule: str = ""
    constraint: str = ""
    again: str = ""
    loses_all: bool = False
    is_gone: bool = False

    def as_error(self, source: str) -> NodeError:
        """Give the error of the node, with the codes as its data."""
        opening = _OPENINGS.get(self.kind, "refused the statement")
        data: dict[str, Any] = {
            name: value
            for name, value in (
                ("sqlstate", self.sqlstate),
                ("code", self.code),
                ("rule", self.rule),
                ("constraint", self.constraint),
            )
            if value
        }
        return NodeError(f"{source} {opening}: {self.told}.", kind=self.kind, data=data, retryable=self.retryable)


_OPENINGS: Final = {
    "database.busy": "is busy",
    "database.unreachable": "cannot be reached",
    "timeout": "stopped the statement",
}


def failure_of_state(sqlstate: str, told: str, *, code: str = "", constraint: str = "") -> Failure:
    """Judge an error by its SQLSTATE (ISO 9075, with the classes of PostgreSQL)."""
    known = _BY_STATE.get(sqlstate) or _BY_CLASS.get(sqlstate[:2]) or {}
    rule = CONSTRAINT_RULES.get(sqlstate, "")
    return Failure(told=told, sqlstate=sqlstate, code=code, rule=rule, constraint=constraint, **known)


_UNREACHABLE: Final[dict[str, Any]] = {"kind": "database.unreachable", "retryable": True, "is_gone": True}
_CONFLICT: Final[dict[str, Any]] = {"kind": "database.conflict", "retryable": True, "loses_all": True}
_BY_STATE: Final[dict[str, dict[str, Any]]] = {
    "40001": _CONFLICT,
    "40P01": _CONFLICT,
    "53300": {"kind": "database.busy", "retryable": True},
    "55P03": {"kind": "database.busy", "retryable": True},
    "57014": {"kind": "timeout"},
    "57P01": _UNREACHABLE,
    "57P02": _UNREACHABLE,
    "57P03": _UNREACHABLE,
    "57P05": _UNREACHABLE,
    "25P03": _UNREACHABLE,
}
_BY_CLASS: Final[dict[str, dict[str, Any]]] = {"08": _UNREACHABLE, "23": {"kind": "database.constraint"}}
