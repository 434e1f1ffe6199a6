"""What the codes of databases come to."""

import pytest
from asyncmy.errors import IntegrityError, OperationalError

from microflow_runtime.runtime.data_sources.failures import failure_of_state
from microflow_runtime.runtime.data_sources.mariadb_failures import failure_of


@pytest.mark.parametrize(
    ("state", "kind", "retryable", "loses_all", "is_gone"),
    [
        ("23505", "database.constraint", False, False, False),
        ("23P01", "database.constraint", False, False, False),
        ("40001", "database.conflict", True, True, False),
        ("40P01", "database.conflict", True, True, False),
        ("55P03", "database.busy", True, False, False),
        ("53300", "database.busy", True, False, False),
        ("57014", "timeout", False, False, False),
        ("57P01", "database.unreachable", True, False, True),
        ("08006", "database.unreachable", True, False, True),
        ("42P01", "database", False, False, False),
        ("", "database", False, False, False),
    ],
)
def test_states_have_kinds(state: str, kind: str, retryable: bool, loses_all: bool, is_gone: bool) -> None:
    """A catch goes by the kind; what a failure means for the transaction goes with it."""
    failure = failure_of_state(state, "told")
    assert (failure.kind, failure.retryable) == (kind, retryable)
    assert (failure.loses_all, failure.is_gone) == (loses_all, is_gone)


def test_an_error_tells_its_codes() -> None:
    """Only what the database told is in the data."""
    error = failure_of_state("23505", "is there already", code="23505", constraint="item_pkey").as_error("the source")
    assert error.message == "the source refused the statement: is there already."
    assert error.data == {"sqlstate": "23505", "code": "23505", "rule": "unique", "constraint": "item_pkey"}
    assert failure_of_state("42P01", "no").as_error("it").data == {"sqlstate": "42P01"}


@pytest.mark.parametrize(
    ("number", "kind", "state", "rule"),
    [
        (1062, "database.constraint", "23505", "unique"),
        (1452, "database.constraint", "23503", "foreign key"),
        (1048, "database.constraint", "23502", "not null"),
        (4025, "database.constraint", "23514", "check"),
        (1213, "database.conflict", "40001", ""),
        (1205, "database.busy", "", ""),
        (1040, "database.busy", "", ""),
        (1969, "timeout", "57014", ""),
        (2013, "database.unreachable", "", ""),
        (1146, "database", "", ""),
    ],
)
def test_numbers_of_mariadb_have_kinds(number: int, kind: str, state: str, rule: str) -> None:
    """The SQLSTATE is the standard's for the rule, not the 23000 that MariaDB has for all of them."""
    failure = failure_of(OperationalError(number, "Told."), is_connected=True)
    assert (failure.kind, failure.sqlstate, failure.rule, failure.code) == (kind, state, rule, str(number))


@pytest.mark.parametrize("error", [OSError("reset"), RuntimeError("closed"), TimeoutError()])
def test_trouble_below_the_driver_is_a_lost_connection(error: Exception) -> None:
    """And so is any error of a connection that is closed."""
    assert failure_of(error, is_connected=True).is_gone
    assert failure_of(IntegrityError(1062, "x"), is_connected=False).is_gone
