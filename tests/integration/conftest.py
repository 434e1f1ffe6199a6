"""A server of four workers for the whole session; tests that end or break one start their own."""

import shutil
from collections.abc import Iterator

import demo_accounts
import pytest
from tests.integration.running_server import ROOT, Server
from tests.integration.trap_apps import write_traps_app
from tests.integration.version_app import write_versions_app


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve Demo, Tracking, Traps and Versions with four workers in New York, Tracking open to anonymous, logged in."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "apps", folder / "apps")
    apps = [folder / "apps" / "Demo", folder / "apps" / "Tracking"]
    apps += [write_traps_app(folder / "apps"), write_versions_app(folder / "apps")]
    running = Server(folder, apps, workers=4, environment={"TZ": "America/New_York"})
    try:
        running.log_in()
        demo_accounts.main(str(running.home))
        yield running
    finally:
        running.end()
