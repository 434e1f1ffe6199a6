"""Which objects a role can be permitted something on."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.small_homes import TEXT, SmallHome, app_text, audit, flow_text, package_of

from microflow_runtime.errors import BadRequest
from microflow_runtime.model.principal import Permission, Principal
from microflow_runtime.runtime.publishing import deploy
from microflow_runtime.security import Security
from microflow_runtime.service import roles, users

OUTSIDE = """data_sources: {orders: {url: "sqlite:///orders.db"}}
connections: {fx: {type: http, url: "https://fx.example"}}
"""


@pytest.fixture
async def home(tmp_path: Path, security: Security, operator: Principal) -> AsyncIterator[SmallHome]:
    """Give a home on the store of the security: the app Shop of a folder, and a published snapshot that has one flow more."""
    made = SmallHome(tmp_path)
    made.store = security.store
    made.write(app_text("v.0", OUTSIDE), TEXT, flow_text("Say", "x"))
    runtime = await made.runtime()
    await deploy(runtime, package_of(app_text("v.1"), TEXT, flow_text("Only There", "x")), audit)
    await roles.add_role(security, operator, "clerk")
    await users.add_user(security, operator, "robot", service_account=True)
    yield made
    await made.close()


@pytest.mark.parametrize(
    "allowed",
    [
        "microflow:Shop/Say:execute",
        "microflow:Shop/Only There:execute",
        "microflow:Shop/*:execute",
        "microflow:Shop/*:view",
        "microflow:Shop:view",
        "microflow:Shop:deploy",
        "microflow:*:execute",
        "data_source:Shop/orders:use",
        "data_source:Shop/*:use",
        "connection:Shop/fx:use",
        "connection:*:use",
        "code:*:use",
        "audit:*:view",
    ],
)
@pytest.mark.usefixtures("home")
async def test_what_is_there_can_be_permitted(security: Security, operator: Principal, allowed: str) -> None:
    """Flows of folders and of published snapshots, all of an app, apps, sources and connections, and everything."""
    permission = Permission(*allowed.split(":"))
    await roles.set_role(security, operator, "clerk", allow=[permission])
    assert await security.store.list_permissions("clerk") == [permission]


@pytest.mark.parametrize(
    ("allowed", "hint"),
    [
        ("microflow:Shop/Sya:execute", 'did you mean "Shop/Say"?'),
        ("microflow:Shp/*:execute", 'did you mean "Shop/*"?'),
        ("microflow:Shop:execute", 'did you mean "Shop/*"?'),
        ("microflow:Shop/Say:deploy", 'did you mean "Shop"?'),
        ("microflow:Shop/*:deploy", 'did you mean "Shop"?'),
        ("microflow:Shop/Sa*:execute", 'did you mean "Shop/'),
        ("microflow:*/Say:execute", 'did you mean "Shop/Say"?'),
        ("microflow:**:execute", 'did you mean "Shop/*"?'),
        ("microflow:Elsewhere:view", 'a name is exact, "App/*", or "*".'),
        ("data_source:Shop/order:use", 'did you mean "Shop/orders"?'),
        ("data_source:orders:use", 'did you mean "Shop/orders"?'),
        ("connection:Shop/orders:use", 'did you mean "Shop/*"?'),
        ("audit:everything:view", 'audit is permitted as "*".'),
        ("cache:Shop:refresh", 'cache is permitted as "*".'),
    ],
)
@pytest.mark.usefixtures("home")
async def test_what_is_not_there_is_refused(security: Security, operator: Principal, allowed: str, hint: str) -> None:
    """With the name that was meant perhaps; for one that is to come it is said so, and it can be taken away again."""
    permission = Permission(*allowed.split(":"))
    with pytest.raises(BadRequest) as caught:
        await roles.set_role(security, operator, "clerk", allow=[permission])
    assert f'There is no {permission.object_type} "{permission.name}"' in caught.value.message
    assert hint in caught.value.message
    assert await security.store.list_permissions("clerk") == []
    await roles.set_role(security, operator, "clerk", allow=[permission], to_come=True)
    assert await security.store.list_permissions("clerk") == [permission]
    await roles.set_role(security, operator, "clerk", deny=[permission])
    assert await security.store.list_permissions("clerk") == []


@pytest.mark.parametrize("flow", ["Shop/Sya", "Nobody/Say"])
@pytest.mark.usefixtures("home")
async def test_an_account_is_lent_to_a_flow_that_is_there(security: Security, operator: Principal, flow: str) -> None:
    """To this very flow, never to all of an app; to one that is to come when it is said so."""
    with pytest.raises(BadRequest, match="one flow by its name"):
        await roles.set_role(security, operator, "clerk", grant=[("Shop/*", "robot")], to_come=True)
    with pytest.raises(BadRequest):
        await roles.set_role(security, operator, "clerk", grant=[(flow, "robot")])
    await roles.set_role(security, operator, "clerk", grant=[("Shop/Say", "robot"), ("Shop/Only There", "robot")])
    await roles.set_role(security, operator, "clerk", grant=[(flow, "robot")], to_come=True)
    assert len(await security.store.list_service_grants()) == 3


async def test_before_anything_is_published_nothing_is_known(security: Security, operator: Principal) -> None:
    """A home that never served takes whatever is permitted."""
    await roles.add_role(security, operator, "clerk")
    allow: Any = [Permission("microflow", "Soon/There", "execute")]
    await roles.set_role(security, operator, "clerk", allow=allow)
    assert await security.store.list_permissions("clerk") == allow
