"""`microflow serve`: the command; what it starts is in `serving`, `supervisor` and `worker`."""

import sys
from typing import Annotated

import typer

from microflow_runtime.cli.options import Apps, EnvironmentName, Home, StoreAddress, settings_from


def serve(
    *,
    apps: Apps = None,
    home: Home = None,
    store: StoreAddress = None,
    environment: EnvironmentName = None,
    host: Annotated[str | None, typer.Option("--host", envvar="MICROFLOW_HOST", help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", envvar="MICROFLOW_PORT", help="Port to listen on; 0 lets the system choose.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", envvar="MICROFLOW_WORKERS", help="Worker processes.")
    ] = None,
    context_root: Annotated[
        str | None,
        typer.Option("--context-root", envvar="MICROFLOW_CONTEXT_ROOT", help="Path under which every address stands."),
    ] = None,
    packages: Annotated[
        str | None,
        typer.Option(
            "--packages",
            envvar="MICROFLOW_PACKAGES",
            help="Where packages are fetched from: a folder, https://host/path/, or s3://bucket/prefix.",
        ),
    ] = None,
    log_format: Annotated[
        str | None, typer.Option("--log-format", envvar="MICROFLOW_LOG_FORMAT", help="`json`, or `console` for people.")
    ] = None,
) -> None:
    """Serve the flows of apps until SIGTERM or Ctrl-C, which let running calls finish."""
    from microflow_runtime.cli.serving import supervise

    settings = settings_from(
        apps=apps,
        home=home,
        store=store,
        environment=environment,
        host=host,
        port=port,
        workers=workers,
        context_root=context_root,
        packages=packages,
        log_format=log_format or ("console" if sys.stderr.isatty() else None),
    )
    raise typer.Exit(supervise(settings))
