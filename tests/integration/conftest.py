"""A server of four workers for the whole session; tests that end or break one start their own."""

import shutil
from collections.abc import Iterator

import pytest
from tests.integration.running_server import ROOT, Server
from tests.integration.trap_apps import write_traps_app

_ACCOUNT = "tracking-public"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve Demo, Tracking and Traps with four workers in New York, Tracking open to anonymous, logged in."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "apps", folder / "apps")
    apps = [folder / "apps" / "Demo", folder / "apps" / "Tracking", write_traps_app(folder / "apps")]
    running = Server(folder, apps, workers=4, environment={"TZ": "America/New_York"})
    try:
        running.log_in()
        running.command("role", "add", "tracking")
        running.command("user", "add", _ACCOUNT, "--service-account", "--role", "tracking")
        flows = ("Tracking/Get Tracking Detail", "Tracking/Get Tracking List")
        lets = [word for flow in flows for word in ("--let", f"{flow}={_ACCOUNT}")]
        running.command("role", "set", "tracking", "--allow", "data_source:Tracking/tracking:use", *lets)
        yield running
    finally:
        running.end()
