"""What the packages of an app may be granted: the forms of it, as operators write them and as a package asks for it.

A grant of a host is `host`, `host:port`, `scheme://host` or `scheme://host:port`; `*.example.com` stands for every name
below. Without a port it is the usual one of the scheme, and without both every one. A pattern never stands for an
address or for `localhost`: those are granted as they are written.
"""

import posixpath
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from microflow_runtime.errors import SettingsError
from microflow_runtime.settings.secrets import is_secret_name

SECRET: Final = "secret"  # noqa: S105 - the name of a kind
HOST: Final = "host"
FOLDER: Final = "folder"
CODE: Final = "code"
KINDS: Final[Mapping[str, str]] = {
    SECRET: "the name of a secret",
    HOST: "a host, as https://api.example, postgresql://db.internal:5432 or *.example.com",
    FOLDER: "an absolute folder of this machine, with all that is below",
    CODE: "the name of a function that is installed",
}
"""What can be granted, and how each is named."""
USUAL_PORTS: Final[Mapping[str, int]] = {
    "http": 80,
    "https": 443,
    "postgresql": 5432,
    "mariadb": 3306,
    "ftp": 21,
    "ftps": 21,
    "sftp": 22,
}
"""The ports that are meant where a scheme is named without one; `smtp` has none that is usual."""
_SCHEMES: Final = frozenset({*USUAL_PORTS, "smtp"})
_HOST: Final = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?", re.ASCII)
_APP: Final = re.compile(r"[^/=\x00-\x1f]{1,256}")
_LONGEST: Final = 512


class Grant(msgspec.Struct, frozen=True):
    """One thing that the packages of an app may use, in its one form."""

    app: str
    kind: str
    name: str

    def covers(self, kind: str, name: str) -> bool:
        """Tell whether what is asked for is granted by it. `name` is in the form that `host_name` and `folder_name` give."""
        if kind != self.kind:
            return False
        if kind == HOST:
            return _host_covers(self.name, name)
        return name == self.name or (kind == FOLDER and name.startswith(self.name.rstrip("/") + "/"))


def read_grant(app: str, kind: str, name: str, origin: str) -> Grant:
    """Read a grant as an operator writes it. Raises SettingsError for what no grant can be; `origin` says where it stands."""
    if not _APP.fullmatch(app):
        raise SettingsError(f"{origin}: {app[:100]!r} cannot be the name of an app.")
    if kind not in KINDS:
        raise SettingsError(f"{origin}: expected one of {', '.join(KINDS)}, found {kind[:100]!r}.")
    read = _FORMS[kind](name)
    if read is None or len(read) > _LONGEST:
        raise SettingsError(f"{origin}: expected {KINDS[kind]}, found {name[:100]!r}.")
    return Grant(app, kind, read)


def read_entry(entry: str, origin: str) -> Grant:
    """Read a grant of the setting `grants`: `App/kind=name`. Raises SettingsError."""
    place, equals, name = entry.partition("=")
    app, slash, kind = place.rpartition("/")
    if not equals or not slash:
        raise SettingsError(f"{origin}: expected App/kind=name, found {entry[:100]!r}.")
    return read_grant(app, kind, name, origin)


def host_name(scheme: str, host: str, port: int) -> str:
    """Give a host as a package asks for it: in full, in small letters, without a dot at the end."""
    plain = host.lower().rstrip(".")
    return f"{scheme}://{f'[{plain}]' if ':' in plain else plain}:{port}"


def folder_name(path: str) -> str:
    """Give a folder or a file as a package asks for it: where its links lead to."""
    return str(Path(path).resolve())


def _secret_form(name: str) -> str | None:
    return name if is_secret_name(name) else None


def _code_form(name: str) -> str | None:
    return name if name.strip() and name.isprintable() else None


def _folder_form(name: str) -> str | None:
    if not name.startswith("/") or not name.isprintable() or posixpath.normpath(name) == "/":
        return None
    return folder_name(name)


def _host_form(text: str) -> str | None:
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    scheme = parts.scheme
    is_plain = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc) and text.isascii()
    if not is_plain or port == 0 or (scheme and scheme not in _SCHEMES):
        return None
    if ":" in host:
        if not _is_address(host):
            return None
        host = f"[{host}]"
    elif not _HOST.fullmatch(host) or ".." in host:
        return None
    port = port or USUAL_PORTS.get(scheme)
    return (f"{scheme}://" if scheme else "") + host + (f":{port}" if port else "")


_FORMS: Final = {SECRET: _secret_form, HOST: _host_form, FOLDER: _folder_form, CODE: _code_form}


def _host_covers(granted: str, asked: str) -> bool:
    """Tell whether a granted pattern stands for a host that is asked for in full."""
    pattern = urlsplit(granted if "://" in granted else f"//{granted}")
    wanted = urlsplit(asked)
    host, name = pattern.hostname or "", wanted.hostname or ""
    if pattern.scheme and pattern.scheme != wanted.scheme:
        return False
    if pattern.port is not None and pattern.port != wanted.port:
        return False
    if host.startswith("*."):
        return name.endswith(host[1:]) and not _is_address(name)
    return host == name


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
