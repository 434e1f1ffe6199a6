"""Connections under test, closed afterwards."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.runtime.connections.calls import Calls

from microflow_runtime.runtime.connections import Connections
from microflow_runtime.settings import Secrets, Settings


@pytest.fixture
async def calls(tmp_path: Path) -> AsyncIterator[Callable[..., Calls]]:
    """Give what makes the connection `api` from its settings, and sends requests by it."""
    made: list[Connections] = []

    def make(settings: dict[str, Any], *, secrets: dict[str, str] | None = None, **options: Any) -> Calls:
        resolve = options.pop("resolve", None)
        variables = options.pop("variables", None)
        secrets = {f"MICROFLOW_SECRET_{name.upper()}": text for name, text in (secrets or {}).items()}
        home = options.pop("home", tmp_path)
        server = Settings(home=home, **options)
        kept = Secrets(server.secrets_folder, secrets)
        connections = Connections(server, kept, **({"resolve": resolve} if resolve else {}))
        made.append(connections)
        return Calls(connections, settings, variables)

    yield make
    for connections in made:
        await connections.close()
