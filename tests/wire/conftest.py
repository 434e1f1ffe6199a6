"""One worker at `/` and one at `/oneweb`; every test that asks for `world` runs on both."""

from collections.abc import Iterator

import pytest
from tests.wire.apps import write_wire_apps
from tests.wire.world import World

_OPEN_FLOWS = ("Wire/Open", "Wire/Open In Two", "Twin/Open In Two")
_ALLOW = [
    *(("microflow", name, "execute") for name in ("Wire/Same", "Twin/Same")),
    *(
        ("microflow", f"Wire/{name}", "execute")
        for name in (
            "Rate", "Get Tracking List", "อัตราแลกเปลี่ยน", 'He said "hi"', "Nothing Written", "Shapes", "Throws",
            "Divides", "Everything", "Numbers", "Takes Lists", "Spaces", "Long", "Open",
        )
    ),
]  # fmt: skip


@pytest.fixture(scope="session", params=["/", "/oneweb"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a worker that serves the wire apps."""
    folder = tmp_path_factory.mktemp("wire")
    apps = write_wire_apps(folder / "apps")
    made = World(folder, apps, allow=_ALLOW, open_flows=_OPEN_FLOWS, context_root=request.param, body_seconds=1.0)
    yield made
    made.close()
