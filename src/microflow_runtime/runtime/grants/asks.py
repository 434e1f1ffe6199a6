"""What an app asks for outside itself, in this environment: secrets, hosts, folders of the machine, functions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from microflow_runtime.compiler.reading.connections import settings_in
from microflow_runtime.errors import SettingsError
from microflow_runtime.model.app import App
from microflow_runtime.model.file_connection import (
    FolderConnection,
    FtpConnection,
    FtpsConnection,
    S3Connection,
    SftpConnection,
)
from microflow_runtime.model.http_connection import HttpConnection, OAuthAuth, SecretName
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.model.smtp_connection import SmtpConnection
from microflow_runtime.runtime.data_sources.place import place_of
from microflow_runtime.runtime.environment import in_environment
from microflow_runtime.settings import Settings
from microflow_runtime.settings.grant import CODE, FOLDER, HOST, SECRET, USUAL_PORTS, folder_name, host_name

_AWS: Final = "https://s3.amazonaws.com"
"""What a bucket without an endpoint asks for, in whatever region it is."""
_FILES_OF_TLS: Final = ("sslrootcert", "sslcert", "sslkey")
_OF_THE_SYSTEM: Final = "system"


class Ask(NamedTuple):
    """One thing that a definition asks for. `path` is where it stands in `app.yaml`, or `("flow", name)`; `by` says it."""

    kind: str
    name: str
    by: str
    path: tuple[str, ...]


def asks_of_app(app: App, flows: Iterable[Microflow], settings: Settings) -> list[Ask]:
    """Give all that an app and its flows ask for.

    What cannot be told because a variable is missing is left out: it cannot be used either, and is asked for at use.
    """
    found: list[Ask] = []
    for asks_of, names in ((asks_of_connection, app.connections), (asks_of_source, app.data_sources)):
        for name in names:
            try:
                found += asks_of(app, name, settings)
            except SettingsError:
                continue
    for flow in flows:
        for node in flow.every_node():
            function = node.settings.get("function")
            if node.type == "code" and isinstance(function, str):
                found.append(Ask(CODE, function, f'the node "{node.name}" of "{flow.name}"', ("flow", flow.name)))
    return found


def asks_of_connection(app: App, connection: str, settings: Settings) -> list[Ask]:
    """Give what a connection asks for. Raises SettingsError when it cannot be read in this environment."""
    record = settings_in(in_environment(app, settings), connection, settings.environment)
    by, path = f'the connection "{connection}"', ("connections", connection)
    places = PLACES[type(record)](record)
    secrets = ((SECRET, name) for name in dict.fromkeys(_secrets_in(record)))
    return [Ask(kind, name, by, path) for kind, name in (*places, *secrets)]


def asks_of_source(app: App, source: str, settings: Settings) -> list[Ask]:
    """Give what a data source asks for; a file of SQLite is the app's own. Raises SettingsError, as `asks_of_connection`."""
    place = place_of(app, app.data_sources[source], settings)
    found = [(HOST, host_name(place.kind, place.host, place.port))] if place.host else []
    found += [(SECRET, place.secret)] if place.secret is not None else []
    files = (str(place.options[key]) for key in _FILES_OF_TLS if key in place.options)
    found += [(FOLDER, folder_name(file)) for file in files if file != _OF_THE_SYSTEM]
    by, path = f'the data source "{source}"', ("data_sources", source)
    return [Ask(kind, name, by, path) for kind, name in found]


def _secrets_in(value: Any) -> Iterator[str]:
    """List the secrets that a record names, however deep."""
    if isinstance(value, SecretName):
        yield value.secret
    elif isinstance(value, msgspec.Struct):
        yield from _secrets_in(msgspec.structs.astuple(value))
    elif isinstance(value, Mapping):
        yield from _secrets_in(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _secrets_in(item)


_Place = tuple[str, str]


def _of_url(url: str) -> _Place:
    parts = urlsplit(url)
    return HOST, host_name(parts.scheme, parts.hostname or "", parts.port or USUAL_PORTS[parts.scheme])


def _of_http(record: HttpConnection) -> list[_Place]:
    urls = [record.url, *([record.auth.token_url] if isinstance(record.auth, OAuthAuth) else ()), *record.origins]
    return [_of_url(url) for url in dict.fromkeys(urls)]


def _of_folder(record: FolderConnection) -> list[_Place]:
    """Give the folder of the machine; a relative one is under the app's own."""
    return [(FOLDER, folder_name(record.path))] if Path(record.path).is_absolute() else []


PLACES: Final[Mapping[type[msgspec.Struct], Callable[[Any], list[_Place]]]] = {
    HttpConnection: _of_http,
    FolderConnection: _of_folder,
    FtpConnection: lambda record: [(HOST, host_name("ftp", record.host, record.port))],
    FtpsConnection: lambda record: [(HOST, host_name("ftps", record.host, record.port))],
    SftpConnection: lambda record: [(HOST, host_name("sftp", record.host, record.port))],
    S3Connection: lambda record: [_of_url(record.endpoint or _AWS)],
    SmtpConnection: lambda record: [(HOST, host_name("smtp", *record.place))],
}
"""The places that each type of connection asks for."""
