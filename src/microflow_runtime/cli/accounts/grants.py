"""`microflow grant add|list|remove`."""

from typing import Annotated

import typer

from microflow_runtime.cli.accounts.output import Row, show
from microflow_runtime.cli.accounts.work import AsJson, Home, StoreAddress, run

grant_app = typer.Typer(
    name="grant", no_args_is_help=True, help="Secrets, hosts, folders and functions that packages of an app may use."
)
_App = Annotated[str, typer.Argument(help="The app.")]
_Kind = Annotated[str, typer.Argument(help="`secret`, `host`, `folder` or `code`.")]
_Name = Annotated[
    str, typer.Argument(help="As fx_key, https://api.example, postgresql://db.internal, /srv/in or `loyalty points`.")
]


@grant_app.command("add")
def add_grant(app: _App, kind: _Kind, name: _Name, *, home: Home = None, store: StoreAddress = None) -> None:
    """Grant something to the packages of an app. Every worker knows within a second."""
    from microflow_runtime.service import grants

    run(home, store, lambda security, operator: grants.add_grant(security, operator, app, kind, name))


@grant_app.command("list")
def list_grants(
    app: Annotated[str, typer.Argument(help="The app; without it all are listed.")] = "",
    *,
    home: Home = None,
    store: StoreAddress = None,
    as_json: AsJson = False,
) -> None:
    """List what has been granted, and where each grant stands."""
    from microflow_runtime.service import grants

    found = run(home, store, lambda security, _: grants.list_grants(security, app))
    rows: list[Row] = [{"app": each.app, "kind": each.kind, "name": each.name, "origin": each.origin} for each in found]
    show(rows, as_json=as_json)


@grant_app.command("remove")
def remove_grant(app: _App, kind: _Kind, name: _Name, *, home: Home = None, store: StoreAddress = None) -> None:
    """Take a grant away. Calls are refused what it gave within a second."""
    from microflow_runtime.service import grants

    run(home, store, lambda security, operator: grants.remove_grant(security, operator, app, kind, name))
