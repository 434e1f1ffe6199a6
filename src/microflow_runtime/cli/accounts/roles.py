"""`microflow role add|list|set|remove`."""

from typing import TYPE_CHECKING, Annotated

import typer

from microflow_runtime.cli.accounts.output import Row, show
from microflow_runtime.cli.accounts.work import AsJson, Home, StoreAddress, run

if TYPE_CHECKING:
    from microflow_runtime.model.principal import Permission

role_app = typer.Typer(name="role", no_args_is_help=True, help="Roles, what they permit, and service grants.")


@role_app.command("add")
def add_role(name: str, *, home: Home = None, store: StoreAddress = None) -> None:
    """Add a role that permits nothing yet."""
    from microflow_runtime.service import roles

    run(home, store, lambda security, operator: roles.add_role(security, operator, name))


@role_app.command("list")
def list_roles(*, home: Home = None, store: StoreAddress = None, as_json: AsJson = False) -> None:
    """List the roles with what they permit."""
    from microflow_runtime.service import roles

    found = run(home, store, roles.list_roles)
    rows: list[Row] = [
        {
            "name": role.name,
            "allows": [f"{entry.object_type}:{entry.name}:{entry.access}" for entry in role.permissions],
            "lets": [f"{grant.flow}={grant.account}" for grant in role.grants],
        }
        for role in found
    ]
    show(rows, as_json=as_json)


@role_app.command("set")
def set_role(
    name: str,
    *,
    home: Home = None,
    store: StoreAddress = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow", help="TYPE:NAME:ACCESS, as microflow:Demo/ExchangeRate:execute, or microflow:Demo/*:execute."
        ),
    ] = None,
    deny: Annotated[list[str] | None, typer.Option("--deny", help="TYPE:NAME:ACCESS to take away.")] = None,
    let: Annotated[
        list[str] | None, typer.Option("--let", help="APP/FLOW=ACCOUNT: the flow may run as the service account.")
    ] = None,
    unlet: Annotated[list[str] | None, typer.Option("--unlet", help="APP/FLOW=ACCOUNT to take away.")] = None,
    to_come: Annotated[
        bool,
        typer.Option("--to-come", help="Objects that are not there yet are meant, as an app that is to be deployed."),
    ] = False,
) -> None:
    """Change what a role permits, and which flows it lets run as which service account."""
    from microflow_runtime.service import roles

    allowed, denied = _split_permissions(allow, "--allow"), _split_permissions(deny, "--deny")
    granted, ungranted = _split_grants(let, "--let"), _split_grants(unlet, "--unlet")
    run(
        home,
        store,
        lambda security, operator: roles.set_role(
            security, operator, name, allow=allowed, deny=denied, grant=granted, ungrant=ungranted, to_come=to_come
        ),
    )


@role_app.command("remove")
def remove_role(name: str, *, home: Home = None, store: StoreAddress = None) -> None:
    """Remove a role from everybody."""
    from microflow_runtime.service import roles

    run(home, store, lambda security, operator: roles.remove_role(security, operator, name))


def _split_permissions(texts: list[str] | None, option: str) -> "list[Permission]":
    """Read `TYPE:NAME:ACCESS`; the name may hold colons itself."""
    from microflow_runtime.model.principal import Permission

    permissions = []
    for text in texts or []:
        kind, _, rest = text.partition(":")
        name, _, access = rest.rpartition(":")
        if not name:
            raise typer.BadParameter(f"expected TYPE:NAME:ACCESS, found {text}", param_hint=option)
        permissions.append(Permission(kind, name, access))
    return permissions


def _split_grants(texts: list[str] | None, option: str) -> list[tuple[str, str]]:
    """Read `APP/FLOW=ACCOUNT`; the flow's name may hold equals signs itself."""
    pairs = []
    for text in texts or []:
        flow, equals, account = text.rpartition("=")
        if not equals:
            raise typer.BadParameter(f"expected APP/FLOW=ACCOUNT, found {text}", param_hint=option)
        pairs.append((flow, account))
    return pairs
