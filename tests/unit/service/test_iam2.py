"""The use cases of IAM2 v1."""

import pytest

from microflow_runtime.errors import NotAuthenticated
from microflow_runtime.model.principal import Permission, Principal
from microflow_runtime.security import LoginRequest, NewSession, Security
from microflow_runtime.service import iam2, roles, users
from microflow_runtime.settings import Secret


@pytest.fixture
async def made(security: Security, operator: Principal) -> NewSession:
    """Log in a clerk who may execute one flow and view all."""
    await roles.add_role(security, operator, "clerk")
    allow = [Permission("microflow", "Demo/X", "execute"), Permission("microflow", "*", "view")]
    await roles.set_role(security, operator, "clerk", allow=allow)
    await users.add_user(security, operator, "suda", password=Secret("p"), roles=["clerk"])
    return await iam2.log_in(security, LoginRequest(username="suda", password=Secret("p")))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("microflow/Demo/X", [("microflow", "Demo/X", ("execute", "view"))]),
        ("microflow/Demo/Y", [("microflow", "Demo/Y", ("view",))]),
        ("cache/*", []),
        ("Demo/X", [("microflow", "Demo/X", ("execute",))]),
        ("Demo/Y", []),
        ("*", [("microflow", "*", ("view",))]),
        ("microflow", []),
        ("", []),
    ],
)
async def test_what_may_i_do_with_one_object(
    security: Security, made: NewSession, path: str, expected: list[object]
) -> None:
    """With its type, a right on all objects counts too; a bare name is looked for as it was granted."""
    _, objects = await iam2.read_object_permissions(security, made.access_token.reveal(), path)
    assert [(entry.object_type, entry.object_name, entry.accesses) for entry in objects] == expected


async def test_what_may_i_do(security: Security, made: NewSession) -> None:
    """Roles with their numbers, and each object once."""
    rights, objects = await iam2.read_permissions(security, made.access_token.reveal())
    assert [(role.role_id, role.name) for role in rights.roles] == [(1, "clerk"), (-2, "user")]
    assert [(entry.object_name, entry.accesses) for entry in objects] == [("*", ("view",)), ("Demo/X", ("execute",))]


async def test_a_session_is_checked_by_token_and_by_id(security: Security, made: NewSession) -> None:
    """The id with or without a pod's suffix; neither is taken in the place of the other."""
    assert made.session_id is not None
    token, session_id = made.access_token.reveal(), made.session_id.reveal()
    for state in (
        await iam2.check_access_token(security, token),
        await iam2.check_session_id(security, session_id),
        await iam2.check_session_id(security, session_id + ".pod1"),
    ):
        assert (state.active, state.username) == (True, "suda")
    for wrong in (session_id, "", "x", "\ud800", token + "x"):
        assert not (await iam2.check_access_token(security, wrong)).active
    for wrong in (token, "", "x", "\ud800"):
        assert not (await iam2.check_session_id(security, wrong)).active


async def test_logging_out_ends_the_session(security: Security, made: NewSession) -> None:
    """Afterwards every question about it is refused, logging out again included."""
    token = made.access_token.reveal()
    await iam2.log_out(security, token)
    assert not (await iam2.check_access_token(security, token)).active
    for ask in (iam2.log_out, iam2.read_user, iam2.read_permissions):
        with pytest.raises(NotAuthenticated):
            await ask(security, token)
    assert (await security.store.list_audit(limit=1))[0].entry.action == "logout"


async def test_what_is_permitted_on_all_of_an_app_counts(security: Security, operator: Principal) -> None:
    """For each object of the app, as it does when that is used."""
    await roles.add_role(security, operator, "clerk")
    await roles.set_role(security, operator, "clerk", allow=[Permission("microflow", "Demo/*", "execute")])
    await users.add_user(security, operator, "suda", password=Secret("p"), roles=["clerk"])
    token = (await iam2.log_in(security, LoginRequest(username="suda", password=Secret("p")))).access_token.reveal()
    for path, expected in (("Demo/X", ("execute",)), ("Demo/*", ("execute",)), ("Other/X", None), ("Demo", None)):
        _, objects = await iam2.read_object_permissions(security, token, f"microflow/{path}")
        assert [entry.accesses for entry in objects] == ([] if expected is None else [expected]), path
