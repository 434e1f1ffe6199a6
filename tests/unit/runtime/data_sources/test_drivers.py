"""Which addresses of a data source are connected to."""

from typing import Any

import pytest

from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.connections.egress import read_networks
from microflow_runtime.runtime.data_sources import drivers
from microflow_runtime.runtime.data_sources.place import Place
from microflow_runtime.settings import Secrets

PLACE = Place(app="Shop", source="orders", kind="postgresql", host="db.internal", port=5432)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Place]:
    """Give the places that drivers were asked to connect to, with the addresses they were given."""
    places: list[Place] = []

    async def connect(place: Place, _password: Any) -> Any:
        places.append(place)
        return object()

    monkeypatch.setattr(drivers, "DRIVERS", dict.fromkeys(drivers.DRIVERS, connect))
    return places


async def _connect(found: list[str]) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return found

    await drivers.connect(PLACE, Secrets(None), drivers.reach_by(read_networks(()), resolve))  # type: ignore[arg-type]


@pytest.mark.parametrize("found", [["10.1.2.3"], ["127.0.0.1", "::1"], ["93.184.216.34"]])
async def test_the_driver_is_given_the_checked_addresses(connected: list[Place], found: list[str]) -> None:
    """A name is looked up once by us; the driver gets the addresses, with nothing to look up."""
    await _connect(found)
    assert [place.addresses for place in connected] == [tuple(found)]


@pytest.mark.parametrize("found", [["169.254.169.254"], ["10.1.2.3", "0.0.0.0"], ["::ffff:169.254.169.254"]])
async def test_no_driver_is_given_an_address_that_no_database_has(connected: list[Place], found: list[str]) -> None:
    """A name that leads to a link-local address is denied before any driver hears of it."""
    with pytest.raises(NodeError) as caught:
        await _connect(found)
    assert caught.value.kind == "database.denied"
    assert connected == []
