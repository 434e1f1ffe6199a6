"""Where the PostgreSQL of a store is: from the setting to what the driver is told."""

from typing import Any, Final

import msgspec
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from microflow_runtime.errors import SettingsError
from microflow_runtime.settings import Secret

CONNECT_SECONDS: Final = 5
_STATEMENT_SECONDS: Final = 30
_LOCK_SECONDS: Final = 5
_IDLE_SECONDS: Final = 60
_OPTIONS: Final = ("host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey")
"""What may follow the `?`; `host` is for a folder with a Unix socket."""


class Address(msgspec.Struct, frozen=True):
    """A database and who opens it. `schema` is the newest schema that this code knows, for others to see."""

    url: URL
    password: Secret | None
    schema: str

    def parameters(self) -> dict[str, Any]:
        """Give what the driver needs, the password included.

        Nothing waits for ever: neither connecting, nor a statement, nor a lock, nor a machine that is gone. A server
        that only replicates another is refused at each connection.
        """
        place = {"user": self.url.username, "host": self.url.host, "port": self.url.port, "dbname": self.url.database}
        given: dict[str, Any] = {**self.url.query, **{name: value for name, value in place.items() if value}}
        if self.password is not None:
            given["password"] = self.password.reveal()
        limits = {
            "statement_timeout": _STATEMENT_SECONDS * 1000,
            "lock_timeout": _LOCK_SECONDS * 1000,
            "idle_in_transaction_session_timeout": _IDLE_SECONDS * 1000,
        }
        return {
            **given,
            "application_name": f"microflow schema {self.schema}",
            "client_encoding": "utf8",
            "connect_timeout": CONNECT_SECONDS,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": _STATEMENT_SECONDS * 1000,
            "target_session_attrs": "primary",
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
        }


def read_address(store: str, password: Secret | None, schema: str) -> Address:
    """Read the setting `store`, which the settings have found to name a PostgreSQL.

    Raises SettingsError for what no connection can be made of.
    """
    try:
        url = make_url(store)
        unknown = [name for name in url.query if name not in _OPTIONS]
    except (ArgumentError, ValueError) as cause:
        raise SettingsError("store: expected postgresql://user@host:port/database.") from cause
    if any(isinstance(value, tuple) for value in url.query.values()):
        raise SettingsError("store: an option is given twice.")
    if unknown:
        raise SettingsError(f"store: the option {unknown[0]} is not known; known are {', '.join(_OPTIONS)}.")
    return Address(url, password, schema)
