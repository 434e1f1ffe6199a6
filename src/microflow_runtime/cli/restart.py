"""`microflow restart`: replaces the workers of the server on this machine, one after the other, without failing a call."""

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from microflow_runtime.cli.options import Home, settings_from

if TYPE_CHECKING:
    from microflow_runtime.cli.server_record import ServerState

_LOOK_SECONDS: Final = 0.05


def restart(*, home: Home = None) -> None:
    """Replace the workers of a running server one after the other: 0 when all are new, 1 when one did not come up.

    The new workers run the code that is installed now. The settings stay those that the server was started with.
    """
    from microflow_runtime.cli.accounts.output import fail
    from microflow_runtime.errors import StoreError

    folder = settings_from(home=home).home
    try:
        before = _signalled(folder)
        after = _wait(folder, before)
    except StoreError as error:
        fail(error)
    except PermissionError as error:
        typer.echo("microflow: the server belongs to another user of this machine", err=True)
        raise typer.Exit(4) from error
    if after.restart_failure:
        typer.echo(f"microflow: {after.restart_failure}; workers not yet replaced go on", err=True)
        raise typer.Exit(1)
    typer.echo(f"microflow: {len(after.workers)} workers replaced")


def _signalled(home: Path) -> "ServerState":
    """Send the signal to the server of a home and give what it told before. A process id that is reused is never hit.

    Raises StoreError when there is no server.
    """
    from microflow_runtime.cli.server_record import find_server
    from microflow_runtime.cli.supervisor import RESTART_SIGNAL
    from microflow_runtime.errors import StoreError

    found = find_server(home)
    if found is not None and found.port:  # without one it still starts
        try:
            process = os.pidfd_open(found.pid)
        except ProcessLookupError:
            found = None
        else:
            try:
                still = find_server(
                    home
                )  # from here on the id means the process that has the record, or one that ended
                if still is not None and still.pid == found.pid:
                    signal.pidfd_send_signal(process, RESTART_SIGNAL)
                    return still
            except ProcessLookupError:
                pass
            finally:
                os.close(process)
    raise StoreError("No server runs on this home.")


def _wait(home: Path, before: "ServerState") -> "ServerState":
    """Wait for the end of a restart that began after the signal. Raises StoreError when the server has gone."""
    from microflow_runtime.cli.server_record import find_server
    from microflow_runtime.errors import StoreError

    while True:
        now = find_server(home)
        if now is None or now.pid != before.pid:
            raise StoreError("The server has ended.")
        if now.restarts_ended > before.restarts_begun:
            return now
        time.sleep(_LOOK_SECONDS)
