"""Where a data source is: URLs, variables, settings, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from microflow_runtime.errors import SettingsError
from microflow_runtime.model.app import App, DataSource, Environment
from microflow_runtime.model.http_connection import SecretName
from microflow_runtime.runtime.data_sources.place import Place, place_of
from microflow_runtime.settings import Settings


def _place(url: str, **source: Any) -> Place:
    definition = DataSource(name="orders", url=url, **source)
    app = App(
        name="Shop",
        version="v.1.0.0",
        time_zone="Asia/Bangkok",
        data_sources={"orders": definition},
        environments={
            "DEV": Environment(name="DEV", variables={"host": "db.dev", "evil": "{host}", "name": "dev_password"})
        },
    )
    return place_of(app, definition, Settings(home=Path("/home/x"), environment="DEV", execution_seconds=20))


def test_a_server_is_read_from_its_url() -> None:
    """Server, port, user and database, with variables of the environment and characters that are written by number."""
    place = _place("postgresql://us%40er@{host}:6543/or%2Fders", password=SecretName("{name}"), pool_size=4)
    assert (place.kind, place.host, place.port, place.user, place.database) == (
        "postgresql", "db.dev", 6543, "us@er", "or/ders",
    )  # fmt: skip
    assert (place.secret, place.pool_size, place.waiting, place.time_zone) == ("dev_password", 4, 4, "Asia/Bangkok")
    assert (place.seconds, place.connect_seconds) == (20, 10)
    assert (_place("mariadb://[::1]/d").host, _place("mariadb://h/d").port) == ("::1", 3306)


def test_a_variable_is_not_looked_at_again() -> None:
    """What a variable holds is text, even where it looks like a variable."""
    with pytest.raises(SettingsError, match="must name a server"):
        _place("postgresql:///{evil}")
    assert _place("postgresql://h/{evil}").database == "{host}"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://user:hunter2@h/d", "has a password in its URL; name a secret instead"),
        ("oracle://h/d", "of the kind `oracle`; there are sqlite, postgresql, mariadb"),
        ("nonsense", "of the kind ``"),
        ("postgresql://h/", "must name a server and a database"),
        ("postgresql://h/d?sslmode=require", "what goes beyond server and database stands in `settings`"),
        ("postgresql://h:99999/d", "has a port that is none"),
        ("postgresql://[h/d", "has a URL that cannot be read"),
        ("postgresql://{nothing}/d", "names the variable 'nothing', which the environment \"DEV\" does not have"),
        ("sqlite://h/d.db", "must name a plain file"),
    ],
)
def test_a_wrong_url_is_told(url: str, told: str) -> None:
    """The sentence names source and app and never shows the URL."""
    with pytest.raises(SettingsError) as caught:
        _place(url)
    assert told in caught.value.message
    assert caught.value.message.startswith('The data source "orders" of Shop ')
    assert "hunter2" not in caught.value.message


def test_settings_are_read() -> None:
    """Texts may name variables."""
    place = _place(
        "postgresql://h/d", settings={"sslrootcert": "/etc/{host}.pem", "connect_seconds": 3, "sslmode": "verify-full"}
    )
    assert place.options == {"sslrootcert": "/etc/db.dev.pem", "connect_seconds": 3, "sslmode": "verify-full"}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sslmod": "require"}, 'has no setting "sslmod" (did you mean sslmode?)'),
        ({"password": "x"}, 'has no setting "password"'),
        ({"sslmode": "prefer"}, 'a setting "sslmode" that is none of disable, require'),
        ({"isolation": "snapshot"}, 'a setting "isolation" that is none of read committed'),
        ({"connect_seconds": 0}, "no number from 1 to 60"),
        ({"schema": 5}, 'a setting "schema" that is none of a text'),
    ],
)
def test_wrong_settings_are_told(settings: dict[str, Any], told: str) -> None:
    """A setting that nobody knows is never ignored."""
    with pytest.raises(SettingsError) as caught:
        _place("postgresql://h/d", settings=settings)
    assert told in caught.value.message
