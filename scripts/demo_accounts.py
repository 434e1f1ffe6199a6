"""Lets the flows of apps/Tracking be called without a session: the role and the service account that an operator sets up.

Takes the home as its only argument. Does nothing to a home that has them already.
"""

import sys

import typer

from microflow_runtime.cli.main import app

ACCOUNT = "tracking-public"
ROLE = "tracking"
FLOWS = ("Get Tracking Detail", "Get Tracking List")


def main(home: str) -> int:
    """Run the commands that the README shows; a role or account that exists is left as it is."""
    lets = [word for flow in FLOWS for word in ("--let", f"Tracking/{flow}={ACCOUNT}")]
    for words in (
        ["role", "add", ROLE],
        ["user", "add", ACCOUNT, "--service-account", "--role", ROLE],
        ["role", "set", ROLE, "--allow", "data_source:Tracking/tracking:use", *lets],
    ):
        code = app([*words, "--home", home], standalone_mode=False)
        if code and "add" not in words:
            return int(code)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
