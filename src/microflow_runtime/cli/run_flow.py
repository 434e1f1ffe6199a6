"""`microflow run FLOW`: executes a flow from disk, without a server, as the operator."""

from typing import TYPE_CHECKING, Annotated

import typer

from microflow_runtime.cli.options import Apps, EnvironmentName, Home, read_data, settings_from

if TYPE_CHECKING:
    from microflow_runtime.model.execution import Execution
    from microflow_runtime.settings import Settings


def run_flow(
    flow: Annotated[str, typer.Argument(help="The flow's name; App/Name where two apps have one.")],
    *,
    data: Annotated[
        str, typer.Option("--data", "-d", help="The inputs as JSON, @FILE, or - for standard input.")
    ] = "{}",
    apps: Apps = None,
    home: Home = None,
    environment: EnvironmentName = None,
    trace: Annotated[bool, typer.Option("--trace", help="Print every step with its values to standard error.")] = False,
) -> None:
    """Execute a flow and print its outputs; 1 when it fails, with the reason on standard error."""
    import asyncio

    from microflow_runtime.cli.accounts.output import fail
    from microflow_runtime.errors import MicroflowError

    settings = settings_from(apps=apps, home=home, environment=environment)
    if not settings.apps:
        typer.echo("microflow: name an app: microflow run FLOW --app DIR", err=True)
        raise typer.Exit(2)
    try:
        result, steps = asyncio.run(_run(settings, flow, read_data(data), trace=trace))
    except MicroflowError as error:
        fail(error)
    if trace:
        typer.echo(steps, err=True)
    typer.echo(result)


async def _run(settings: "Settings", name: str, data: bytes, *, trace: bool) -> tuple[str, str]:
    import msgspec

    from microflow_runtime.nodes import NODE_TYPES
    from microflow_runtime.service.local import run_locally

    done = await run_locally(settings, NODE_TYPES, name, data, capture=trace)
    if done.error is not None:
        if trace:
            typer.echo(_shown(done.execution), err=True)
        raise done.error
    return msgspec.json.format(done.outputs, indent=2).decode(), _shown(done.execution) if trace else ""


def _shown(execution: "Execution") -> str:
    """Give the record of an execution as JSON for people; numbers and dates as they are written on the wire."""
    import msgspec

    encoder = msgspec.json.Encoder(enc_hook=str, decimal_format="number")
    return msgspec.json.format(encoder.encode(execution), indent=2).decode()
