"""`microflow client add|list|set|remove`."""

from typing import Annotated

import typer

from microflow_runtime.cli.accounts.output import show
from microflow_runtime.cli.accounts.work import AsJson, Home, StoreAddress, read_secret, run

client_app = typer.Typer(name="client", no_args_is_help=True, help="Systems that people log in through.")

SecretStdin = Annotated[bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")]


@client_app.command("add")
def add_client(
    system: str, *, home: Home = None, store: StoreAddress = None, secret_stdin: SecretStdin = False
) -> None:
    """Register a system. Prints its secret, once, unless you gave it."""
    from microflow_runtime.service import clients

    given = read_secret(from_stdin=secret_stdin)
    secret = run(home, store, lambda security, operator: clients.add_client(security, operator, system, given))
    if given is None:
        typer.echo(secret.reveal())


@client_app.command("list")
def list_clients(*, home: Home = None, store: StoreAddress = None, as_json: AsJson = False) -> None:
    """List the systems."""
    from microflow_runtime.service import clients

    found = run(home, store, clients.list_clients)
    show([{"system": client.system_id, "created": client.created_at} for client in found], as_json=as_json)


@client_app.command("set")
def set_client(
    system: str, *, home: Home = None, store: StoreAddress = None, secret_stdin: SecretStdin = False
) -> None:
    """Give a system another secret. Prints it, once, unless you gave it."""
    from microflow_runtime.service import clients

    given = read_secret(from_stdin=secret_stdin)
    secret = run(home, store, lambda security, operator: clients.set_client(security, operator, system, given))
    if given is None:
        typer.echo(secret.reveal())


@client_app.command("remove")
def remove_client(system: str, *, home: Home = None, store: StoreAddress = None) -> None:
    """Remove a system and end the sessions that came through it."""
    from microflow_runtime.service import clients

    run(home, store, lambda security, operator: clients.remove_client(security, operator, system))
