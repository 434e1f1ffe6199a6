"""Permissions and names."""

from datetime import UTC, datetime

import pytest

from microflow_runtime.errors import BadRequest
from microflow_runtime.model.principal import Permission
from microflow_runtime.security import ACCESSES, ANONYMOUS, check_name, check_permission, flow_object
from microflow_runtime.security.permissions import compile_grants
from microflow_runtime.store import Access, Rights, User


def test_anonymous_may_do_nothing() -> None:
    """Who has no credentials holds no right on anything."""
    assert not any(ANONYMOUS.may(kind, "*", access) for kind, accesses in ACCESSES.items() for access in accesses)


def test_grants_are_exactly_what_the_roles_give() -> None:
    """Every access becomes one triple."""
    user = User(username="suda", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    rights = Rights(user, (), (Access(1, "microflow", "Demo/X", "execute"), Access(2, "cache", "*", "refresh")))
    assert compile_grants(rights) == {("microflow", "Demo/X", "execute"), ("cache", "*", "refresh")}


def test_a_flow_is_named_by_app_and_name() -> None:
    """The same flow name in two apps is two objects."""
    assert flow_object("Demo", "ExchangeRate") == "Demo/ExchangeRate"


@pytest.mark.parametrize(
    ("permission", "told"),
    [
        (Permission("microflows", "*", "execute"), "microflow, cache"),
        (Permission("microflow", "*", "run"), "execute, view, deploy"),
        (Permission("microflow", "", "view"), "1 to 512"),
    ],
)
def test_a_permission_there_is_not_names_those_there_are(permission: Permission, told: str) -> None:
    """A slip in type or access is refused with the list."""
    with pytest.raises(BadRequest, match=told):
        check_permission(permission)


def test_every_permission_of_the_table_is_one() -> None:
    """What the table lists is taken."""
    for kind, accesses in ACCESSES.items():
        for access in accesses:
            check_permission(Permission(kind, "*", access))


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "a\x00", "a\u202eb", "a\u200bb", "x" * 129, "\ud800"])
def test_names_that_deceive_are_refused(name: str) -> None:
    """Empty, padded, too long, or with characters that cannot be seen."""
    with pytest.raises(BadRequest):
        check_name("user name", name)


def test_a_name_is_kept_in_one_form() -> None:
    """Composed and decomposed letters are one name; Thai and spaces inside are fine."""
    assert check_name("user name", "cafe\u0301") == "caf\u00e9"
    assert check_name("user name", "สุดา ใจดี") == "สุดา ใจดี"
