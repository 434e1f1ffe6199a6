"""The command `microflow`. Every option has a variable: a setting's own, or `MICROFLOW_COMMAND_OPTION`."""

import sys

import typer

from microflow_runtime.cli.accounts import client_app, grant_app, role_app, token_app, user_app
from microflow_runtime.cli.activate import activate
from microflow_runtime.cli.check import check
from microflow_runtime.cli.deploy import deploy
from microflow_runtime.cli.feel import feel
from microflow_runtime.cli.migrate import migrate
from microflow_runtime.cli.package import package
from microflow_runtime.cli.refresh import refresh
from microflow_runtime.cli.restart import restart
from microflow_runtime.cli.run_flow import run_flow
from microflow_runtime.cli.schema import schema
from microflow_runtime.cli.serve import serve
from microflow_runtime.cli.versions import versions
from microflow_runtime.cli.withdraw import delete, withdraw

app = typer.Typer(
    name="microflow",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"auto_envvar_prefix": "MICROFLOW", "help_option_names": ["-h", "--help"]},
    help="Checks, runs and serves microflows.",
)
app.command("serve")(serve)
app.command("check")(check)
app.command("run")(run_flow)
app.command("feel")(feel)
app.command("migrate")(migrate)
app.command("package")(package)
app.command("deploy")(deploy)
app.command("versions")(versions)
app.command("activate")(activate)
app.command("withdraw")(withdraw)
app.command("delete")(delete)
app.command("refresh")(refresh)
app.command("restart")(restart)
app.command("schema")(schema)
app.add_typer(user_app)
app.add_typer(role_app)
app.add_typer(client_app)
app.add_typer(token_app)
app.add_typer(grant_app)


def run() -> None:
    """Run the command line and end with its exit code; 70 says that the bug is ours."""
    try:
        app()
    except (SystemExit, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - the outermost edge: a bug is told with its code, its trace goes along for the report
        import traceback

        traceback.print_exc()
        typer.echo(f"microflow: this is a bug of ours: {type(error).__name__}", err=True)
        sys.exit(70)
