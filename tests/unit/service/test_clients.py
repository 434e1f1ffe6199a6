"""Systems."""

import pytest

from microflow_runtime.errors import Conflict, NotAuthenticated
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import Credentials, LoginRequest, Security
from microflow_runtime.service import clients
from microflow_runtime.settings import Secret


def through(secret: Secret) -> LoginRequest:
    """Give a login of admin through the system pos."""
    return LoginRequest(username="admin", password=Secret("correct horse"), system_id="pos", system_secret=secret)


async def test_a_system_gets_a_secret_that_works(security: Security, operator: Principal) -> None:
    """A made-up secret lets logins through; after a new one, the old one does not."""
    first = await clients.add_client(security, operator, "pos")
    await security.log_in(through(first))
    second = await clients.set_client(security, operator, "pos")
    assert first != second
    await security.log_in(through(second))
    with pytest.raises(NotAuthenticated):
        await security.log_in(through(first))


async def test_a_given_secret_is_kept_as_a_hash(security: Security, operator: Principal) -> None:
    """Systems that exist may keep their secret; it is nowhere to be read."""
    given = Secret("system_secret")
    assert await clients.add_client(security, operator, "pos", given) is given
    await security.log_in(through(given))
    assert "system_secret" not in repr((await security.store.list_clients(), await security.store.list_audit()))
    assert [client.system_id for client in await clients.list_clients(security, operator)] == ["pos"]
    with pytest.raises(Conflict):
        await clients.add_client(security, operator, "pos")


async def test_removing_a_system_ends_its_sessions(security: Security, operator: Principal) -> None:
    """Who came through it is refused with the next call."""
    secret = await clients.add_client(security, operator, "pos")
    made = await security.log_in(through(secret))
    credentials = Credentials(authorization=b"Bearer " + made.access_token.reveal().encode())
    await security.authenticate(credentials)
    await clients.remove_client(security, operator, "pos")
    with pytest.raises(NotAuthenticated):
        await security.authenticate(credentials)
