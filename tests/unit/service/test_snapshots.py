"""Use cases of snapshots: nobody without the right gets to see or change anything."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from microflow_runtime.errors import NotAuthenticated, NotPermitted
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import ANONYMOUS, Security
from microflow_runtime.service import snapshots
from microflow_runtime.service.snapshots import require_deploy, shown_version

NO_RUNTIME: Any = None
"""A use case that is refused touches no runtime."""
USE_CASES: dict[str, Callable[[Security, Principal], Awaitable[object]]] = {
    "show": lambda security, caller: snapshots.show_app(NO_RUNTIME, security, caller, "Shop"),
    "deploy": lambda security, caller: snapshots.deploy_package(NO_RUNTIME, security, caller, b""),
    "deploy an app": lambda security, caller: snapshots.deploy_package(NO_RUNTIME, security, caller, b"", app="Shop"),
    "activate": lambda security, caller: snapshots.activate_version(NO_RUNTIME, security, caller, "Shop", "v.1"),
    "roll back": lambda security, caller: snapshots.roll_back_app(NO_RUNTIME, security, caller, "Shop"),
}
OTHERS = frozenset({
    ("microflow", "*", "execute"), ("microflow", "Shop/Say", "deploy"), ("microflow", "Other", "view"),
    ("cache", "*", "classAction"),
})  # fmt: skip


@pytest.mark.parametrize("name", USE_CASES)
async def test_no_use_case_is_open(security: Security, stranger: Principal, name: str) -> None:
    """Without a session 401, without the right, with the right to a flow or to another app, 403."""
    with pytest.raises(NotAuthenticated):
        await USE_CASES[name](security, ANONYMOUS)
    with pytest.raises(NotPermitted):
        await USE_CASES[name](security, stranger)
    if name != "deploy":
        with pytest.raises(NotPermitted):
            await USE_CASES[name](security, Principal(username="x", session_id="s", grants=OTHERS))


async def test_the_list_needs_a_session() -> None:
    """It tells each caller about the apps that it may view; without a session that is nobody."""
    with pytest.raises(NotAuthenticated):
        await snapshots.list_apps(NO_RUNTIME, ANONYMOUS)


async def test_who_may_deploy_some_app_may_send_a_package(security: Security) -> None:
    """What it holds is looked at when it was read; an app that is named is looked at before."""
    one = Principal(username="x", session_id="s", grants=frozenset({("microflow", "Shop", "deploy")}))
    await require_deploy(security, one, "")
    await require_deploy(security, one, "Shop")
    with pytest.raises(NotPermitted):
        await require_deploy(security, one, "Other")


def test_the_working_folder_has_a_name() -> None:
    """Callers read and write `working`."""
    assert (shown_version(""), shown_version("v.1")) == ("working", "v.1")
