"""An application: the folder that flows, Business Objects and shared files live in, and the names its flows may use."""

from typing import Any

import msgspec

from microflow_runtime.model.http_connection import SecretName
from microflow_runtime.model.microflow import Retry


class DataSource(msgspec.Struct, frozen=True, kw_only=True):
    """A named database. `url` is `sqlite:///name.db`, `postgresql://user@host/database`, `mariadb://…`, or `{variable}`.

    For SQLite the URL names a file under the server's home; `create_from` is an SQL script among the app's files
    that fills the file when it does not exist yet. As many executions as `waiting` may wait for one of the `pool_size`
    connections; None is as many as there are connections.
    """

    name: str
    url: str
    create_from: str | None = None
    pool_size: int = 10
    waiting: int | None = None
    password: SecretName | None = None
    settings: dict[str, Any] = {}


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A named outside system of one type. `settings` are its keys as written, checked, with variables still in them.

    What they come to in an environment is a record of the type's own: `HttpConnection` for `http`. `retry` is how nodes
    without a rule of their own try again; it is the same in every environment.
    """

    name: str
    type: str = "http"
    settings: dict[str, Any] = {}
    retry: Retry | None = None


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """DEV, TEST, PROD …: the values its variables have there."""

    name: str
    variables: dict[str, str] = {}


class App(msgspec.Struct, frozen=True, kw_only=True):
    """What `app.yaml` says. `version` is a snapshot version such as `v.0.2.0`; `time_zone` an IANA name.

    `is_package` is no part of the file: it tells that the flow which was compiled with this app came in a package, whose
    author has no trust of the operator's beyond what the app has been granted.
    """

    name: str
    version: str
    time_zone: str = "UTC"
    description: str = ""
    data_sources: dict[str, DataSource] = {}
    connections: dict[str, Connection] = {}
    environments: dict[str, Environment] = {}
    is_package: bool = False
