"""`microflow activate`: lets an app of a running server answer from another version, or from the one before."""

from typing import Annotated

import typer

from microflow_runtime.cli.server_call import ServerCalls, Token, Url


def activate(
    app: Annotated[str, typer.Argument(help="The app.")],
    version: Annotated[str, typer.Argument(help="A published version, or `working` for the app's folder.")] = "",
    *,
    back: Annotated[
        bool, typer.Option("--back", help="Roll back to what answered before the present version.")
    ] = False,
    url: Url = "",
    token: Token = "",
) -> None:
    """Let an app answer from a version: 0 when every worker does."""
    import msgspec

    if back == bool(version):
        typer.echo("microflow: name a version or --back: microflow activate APP VERSION", err=True)
        raise typer.Exit(2)
    server = ServerCalls(url, token)
    body = server.post("snapshots", app, "rollback") if back else server.post("snapshots", app, version, "activate")
    done = msgspec.json.decode(body)
    if done["changed"]:
        typer.echo(f"{app} answers from {done['version']}, before from {done['before']} (epoch {done['epoch']}).")
    else:
        typer.echo(f"{app} answers from {done['version']} already.")
