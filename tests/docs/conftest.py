"""The server that the pages' blocks talk to, started once and only when a block needs it."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from demo_server import microflow_command
from tests.docs.page_server import FUNCTIONS, PageServer, page_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """Serve the demo apps and the apps of the pages."""
    with page_server(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture
def check_app() -> Callable[[Path], str]:
    """Give the function that checks an app as `microflow check` does; it gives the faults, one a line."""

    def check(app: Path) -> str:
        command = [microflow_command(), "check", "--app", str(app), "--output", "concise"]
        environment = {**os.environ, "PYTHONPATH": str(FUNCTIONS)}
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=60)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    return check
