"""Where a data source is: its definition with the variables of the environment filled in, checked key by key."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec
from rapidfuzz import process as fuzzy

from microflow_runtime.errors import SettingsError
from microflow_runtime.model.app import App, DataSource
from microflow_runtime.path_names import part_of_path, wrong_with
from microflow_runtime.runtime.environment import in_environment
from microflow_runtime.settings import Settings

_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")
_TLS: Final = ("sslmode", "sslrootcert", "sslcert", "sslkey")
OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "sqlite": (),
    "postgresql": (*_TLS, "isolation", "schema", "connect_seconds"),
    "mariadb": (*_TLS, "isolation", "connect_seconds"),
}
"""The kinds of databases, and the keys of `settings` that each takes."""
_PORTS: Final = {"postgresql": 5432, "mariadb": 3306}
ISOLATIONS: Final = ("read committed", "repeatable read", "serializable")
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "isolation": ISOLATIONS,
    "sslmode": ("disable", "require", "verify-ca", "verify-full"),
}
_LONGEST_CONNECT_SECONDS: Final = 60
_SQLITE_OWN: Final = ("-journal", "-wal", "-shm")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a database is and how it is talked to. `secret` names the password; the password itself is never kept.

    `kind` is a key of `OPTIONS`. `path` is the file of an SQLite database, `is_scripted` whether a script of the app makes it.
    `addresses` are those of the host that were checked, best first; nothing else is connected to. `seconds` is the longest that the server's
    settings allow an execution, which the database is told as the longest that a statement may take.
    """

    app: str
    source: str
    kind: str
    path: Path = Path()
    is_scripted: bool = False
    host: str = ""
    port: int = 0
    addresses: tuple[str, ...] = ()
    user: str = ""
    database: str = ""
    secret: str | None = None
    options: Mapping[str, Any] = {}
    time_zone: str = "UTC"
    pool_size: int = 10
    waiting: int = 10
    seconds: float = 30.0

    @property
    def told(self) -> str:
        """How errors name it."""
        return f'the data source "{self.source}"'

    @property
    def connect_seconds(self) -> int:
        """How long making a connection may take."""
        return int(self.options.get("connect_seconds", 10))


def place_of(app: App, source: DataSource, settings: Settings) -> Place:
    """Read the definition as it is in the server's environment. Raises SettingsError, which shows no URL, when it is wrong."""
    read = _Reader(in_environment(app, settings), source, settings)
    url = _split(read, read.filled(source.url))
    kind = url.scheme
    if kind not in OPTIONS:
        raise read.wrong(f"has a URL of the kind `{kind}`; there are {', '.join(OPTIONS)}")
    place = Place(
        app=app.name,
        source=source.name,
        kind=kind,
        secret=None if source.password is None else read.filled(source.password.secret),
        options=read.options(kind),
        time_zone=app.time_zone,
        pool_size=source.pool_size,
        waiting=source.pool_size if source.waiting is None else source.waiting,
        seconds=settings.execution_seconds,
    )
    if kind == "sqlite":
        path = _sqlite_path(read, url, settings.home / "data" / part_of_path(app.name, "the app"))
        return msgspec.structs.replace(place, path=path, is_scripted=source.create_from is not None)
    if not url.hostname or not url.path.strip("/"):
        raise read.wrong(f"must name a server and a database, as {kind}://user@host/database")
    return msgspec.structs.replace(
        place,
        host=url.hostname,
        port=_port(read, url) or _PORTS[kind],
        user=unquote(url.username or ""),
        database=unquote(url.path[1:]),
    )


class _Reader:
    """Reads texts of one definition and words its errors."""

    def __init__(self, app: App, source: DataSource, settings: Settings) -> None:
        self._app = app
        self._source = source
        self._environment = settings.environment
        environment = app.environments.get(settings.environment)
        self._variables: Mapping[str, str] = environment.variables if environment else {}

    def wrong(self, what: str) -> SettingsError:
        return SettingsError(f'The data source "{self._source.name}" of {self._app.name} {what}.')

    def filled(self, text: str) -> str:
        """Put variables in. What a variable holds is not looked at again."""

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name not in self._variables:
                raise self.wrong(
                    f"names the variable '{name}', which the environment \"{self._environment}\" does not have"
                )
            return self._variables[name]

        return _VARIABLE.sub(value, text)

    def options(self, kind: str) -> dict[str, Any]:
        """Read `settings`: the keys of the kind, and no others."""
        known = OPTIONS[kind]
        found: dict[str, Any] = {}
        for name, written in self._source.settings.items():
            if name not in known:
                near = fuzzy.extractOne(name, known, score_cutoff=60)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
                raise self.wrong(f'has no setting "{name}" ({hint})')
            value = self.filled(written) if isinstance(written, str) else written
            if name == "connect_seconds":
                value = self._seconds(value)
            elif not isinstance(value, str) or value not in _CHOICES.get(name, (value,)):
                raise self.wrong(f'has a setting "{name}" that is none of {", ".join(_CHOICES.get(name, ("a text",)))}')
            found[name] = value
        return found

    def _seconds(self, value: Any) -> int:
        text = str(value)
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LONGEST_CONNECT_SECONDS:
            raise self.wrong(f'has a setting "connect_seconds" that is no number from 1 to {_LONGEST_CONNECT_SECONDS}')
        return int(text)


def _split(read: _Reader, text: str) -> SplitResult:
    try:
        url = urlsplit(text)
    except ValueError as error:
        raise read.wrong("has a URL that cannot be read") from error
    if url.password is not None:
        raise read.wrong("has a password in its URL; name a secret instead, by `password: {secret: name}`")
    if url.query or url.fragment:
        raise read.wrong("has a URL with `?` or `#`; what goes beyond server and database stands in `settings`")
    return url


def _port(read: _Reader, url: SplitResult) -> int | None:
    try:
        return url.port
    except ValueError as error:
        raise read.wrong("has a port that is none") from error


def _sqlite_path(read: _Reader, url: SplitResult, folder: Path) -> Path:
    """Give the file, which lies in the app's folder under the home."""
    name = unquote(url.path[1:])
    if url.netloc or (reason := wrong_with(name)):
        why = "" if url.netloc else f": {reason}"
        raise read.wrong(f"must name a plain file, as sqlite:///name.db{why}")
    if name.endswith(_SQLITE_OWN):
        raise read.wrong(f"names a file that SQLite keeps beside its own: it ends with {', '.join(_SQLITE_OWN)}")
    return folder / name
