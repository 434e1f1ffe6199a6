"""`microflow token add|list|set|remove`."""

from typing import Annotated

import typer

from microflow_runtime.cli.accounts.output import Row, show
from microflow_runtime.cli.accounts.work import AsJson, Home, StoreAddress, run

token_app = typer.Typer(name="token", no_args_is_help=True, help="Access tokens.")

Days = Annotated[float | None, typer.Option("--days", help="How many days from now it is good.")]


@token_app.command("add")
def add_token(
    *,
    user: Annotated[str, typer.Option("--user", help="Whose token it is; may be a service account.")],
    home: Home = None,
    store: StoreAddress = None,
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "",
    days: Days = None,
) -> None:
    """Make an access token and print it, once. It is good at once, also on a running server."""
    from microflow_runtime.service import tokens

    seconds = None if days is None else days * 86400
    token = run(
        home, store, lambda security, operator: tokens.add_token(security, operator, user, name=name, seconds=seconds)
    )
    typer.echo(token.reveal())


@token_app.command("list")
def list_tokens(
    *,
    home: Home = None,
    store: StoreAddress = None,
    user: Annotated[str | None, typer.Option("--user", help="Those of one user.")] = None,
    logins: Annotated[bool, typer.Option("--logins", help="List login sessions as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the access tokens by their handles; the tokens themselves are kept nowhere."""
    from microflow_runtime.service import tokens

    kind = None if logins else "token"
    found = run(
        home, store, lambda security, operator: tokens.list_sessions(security, operator, username=user, kind=kind)
    )
    rows: list[Row] = [
        {"handle": entry.handle, "user": entry.username, "kind": entry.kind, "name": entry.name, "ends": entry.ends_at}
        for entry in found
    ]
    show(rows, as_json=as_json)


@token_app.command("set")
def set_token(
    handle: str,
    *,
    home: Home = None,
    store: StoreAddress = None,
    name: Annotated[str | None, typer.Option("--name", help="What it is for.")] = None,
    days: Days = None,
) -> None:
    """Change the name or the life of an access token."""
    from microflow_runtime.service import tokens

    seconds = None if days is None else days * 86400
    run(
        home, store, lambda security, operator: tokens.set_token(security, operator, handle, name=name, seconds=seconds)
    )


@token_app.command("remove")
def remove_token(handle: str, *, home: Home = None, store: StoreAddress = None) -> None:
    """End an access token or a login on every worker."""
    from microflow_runtime.service import tokens

    run(home, store, lambda security, operator: tokens.end_session(security, operator, handle))
