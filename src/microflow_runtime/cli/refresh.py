"""`microflow refresh`: tells a running server to reload its definitions."""

from typing import Annotated

import typer

from microflow_runtime.cli.options import settings_from


def refresh(
    *,
    host: Annotated[
        str | None, typer.Option("--host", envvar="MICROFLOW_HOST", help="Where the server listens.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", envvar="MICROFLOW_PORT", help="Its port.")] = None,
    token: Annotated[str, typer.Option("--token", help="An access token of a user who may refresh.")] = "",
) -> None:
    """Reload the definitions of a running server: 0 when every worker sees them, 3 when it cannot be reached.

    Where a published version answers in the place of a folder that was read, standard error says so.
    """
    import http.client
    from urllib.parse import unquote

    settings = settings_from(host=host, port=port)
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=120)
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request("GET", f"{settings.prefix}/MicroflowRest/refreshCache", headers=headers)
        answer = connection.getresponse()
        line = answer.read().decode(errors="backslashreplace")
    except OSError as error:
        typer.echo(f"microflow: {settings.host}:{settings.port} cannot be reached: {error}", err=True)
        raise typer.Exit(3) from error
    finally:
        connection.close()
    typer.echo(line, err=answer.status != 200)
    for notice in filter(None, (answer.getheader("x-microflow-notice") or "").split(",")):
        typer.echo(f"microflow: {unquote(notice.strip())}", err=True)
    if answer.status != 200:
        raise typer.Exit(4 if answer.status in {401, 403} else 1)
