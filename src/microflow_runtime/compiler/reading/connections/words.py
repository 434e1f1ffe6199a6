"""Shapes of the small words of a connection: settings that may name a variable, references to secrets, URLs, headers."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.findings import Findings, KeyPath, key_words, shown
from microflow_runtime.compiler.reading.shapes import BAD, Record, Schema

VARIABLE: Final = re.compile(r"\{([^{}]+)\}")
"""A variable of the environment inside a setting: `{fx_url}`."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE: Final = re.compile(r"[\x20-\x7e]*")
_SECRET: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?", re.ASCII)
RESERVED_HEADERS: Final = frozenset(
    [
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
"""Headers that belong to the exchange itself, so that no definition writes them."""


class Variable(msgspec.Struct, frozen=True):
    """A shape, or a text that names variables: what that comes to is read when the connection is opened."""

    shape: Any

    @property
    def example(self) -> str:
        """See Shape."""
        return str(self.shape.example)

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if isinstance(value, str) and VARIABLE.search(value):
            return value
        return self.shape.read(value, path, findings)

    def schema(self) -> Schema:
        """See Shape."""
        return {"anyOf": [self.shape.schema(), {"type": "string", "pattern": r"\{[^{}]+\}"}]}


class SecretRef(msgspec.Struct, frozen=True):
    """`{secret: name}`: a reference, never the secret itself. Read as a SecretName."""

    example: str = "{secret: name}"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        from microflow_runtime.model.http_connection import SecretName

        if isinstance(value, dict) and set(value) == {"secret"} and isinstance(value["secret"], str):
            name = value["secret"]
            if VARIABLE.search(name) or (_SECRET.fullmatch(name) and ".." not in name):
                return SecretName(name)
            message = f"`{shown(name)}` cannot be the name of a secret: it takes letters, digits, `.`, `-` and `_`"
            findings.add(fault_codes.BAD_VALUE, message, (*path, "secret"), expected="a name")
            return BAD
        message = f"{key_words(path)} takes a reference to a secret, never the secret itself"
        hint = "write {secret: name}; the operator gives the secret of that name"
        findings.add(fault_codes.WRONG_KIND, message, path, expected="{secret: name}", help=hint)
        return BAD

    def schema(self) -> Schema:
        """See Shape."""
        return {
            "type": "object",
            "properties": {"secret": {"type": "string", "minLength": 1}},
            "required": ["secret"],
            "additionalProperties": False,
        }


class Either(msgspec.Struct, frozen=True):
    """A reference to a secret, or another shape."""

    other: Any

    @property
    def example(self) -> str:
        """See Shape."""
        return str(self.other.example)

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        return (SecretRef() if isinstance(value, dict) else self.other).read(value, path, findings)

    def schema(self) -> Schema:
        """See Shape."""
        return {"anyOf": [self.other.schema(), SecretRef().schema()]}


class HttpUrl(msgspec.Struct, frozen=True):
    """An `http` or `https` address: a host, perhaps a port and a path; no user, query or fragment."""

    example: str = "https://api.example/v1"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, str):
            findings.wrong_kind(path, "an http or https address", value)
            return BAD
        if reason := _wrong_with(value):
            # An address may hold a password by mistake, so it is not shown.
            message = f"{key_words(path)} is not an address: {reason}"
            findings.add(fault_codes.BAD_VALUE, message, path, expected=self.example)
            return BAD
        return value

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": r"^https?://[^/?#@\s]+(/[^?#\s]*)?$"}


class OriginUrl(msgspec.Struct, frozen=True):
    """The origin of an `http` or `https` server: a host and perhaps a port, with nothing behind."""

    example: str = "https://files.example"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        found = HttpUrl().read(value, path, findings)
        if found is not BAD and urlsplit(found).path not in {"", "/"}:
            message = f"{key_words(path)} is more than an origin"
            findings.add(fault_codes.BAD_VALUE, message, path, expected=self.example, help="leave the path out")
            return BAD
        return found

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": r"^https?://[^/?#@\s]+/?$"}


def _wrong_with(url: str) -> str:
    if any(not "!" <= character <= "~" for character in url):
        return "it holds a character that stands encoded in an address"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "its host or port cannot be read"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "it begins with http:// or https:// and a host"
    if "@" in parts.netloc:
        return "a user and a password belong into `auth`"
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return "it has no query and no fragment"
    if any(part in {".", ".."} for part in parts.path.split("/")):
        return "its path holds no `.` and `..`"
    return "its port is 1 to 65535" if port == 0 else ""


class HeaderName(msgspec.Struct, frozen=True):
    """The name of a header that a definition may set."""

    example: str = "X-Channel"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, str):
            findings.wrong_kind(path, "the name of a header", value)
            return BAD
        return value if self.read_key(value, path, findings) else BAD

    def read_key(self, name: str, path: KeyPath, findings: Findings) -> bool:
        """Check a name that stands as a key."""
        reason = wrong_with_header(name)
        if reason:
            message = f"`{shown(name)}` cannot be set as a header: {reason}"
            findings.add(fault_codes.BAD_VALUE, message, path, at_key=True, expected="a header's name")
        return not reason

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": f"^{_TOKEN.pattern}$"}


def wrong_with_header(name: str) -> str:
    """Say why a definition cannot set a header of this name; `""` when it can."""
    if not _TOKEN.fullmatch(name):
        return "it holds a character that no header's name has"
    return "it belongs to the exchange itself" if name.lower() in RESERVED_HEADERS else ""


class HeaderValue(msgspec.Struct, frozen=True):
    """What a header says: printable ASCII on one line."""

    example: str = "web"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, str):
            findings.wrong_kind(path, "a text", value, help="put it in quotes")
            return BAD
        if not _VALUE.fullmatch(value):
            message = f"{key_words(path)} holds a character that no header has"
            findings.add(fault_codes.BAD_VALUE, message, path, expected="printable ASCII on one line")
            return BAD
        return value

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": r"^[ -~]*$"}


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of several records, told apart by their key `type`. `default` is meant where it is left out."""

    records: Mapping[str, Record]
    default: str = ""

    @property
    def example(self) -> str:
        """See Shape."""
        return f"{{type: {next(iter(self.records))}, …}}"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, dict):
            findings.wrong_kind(path, "a mapping of keys to values", value)
            return BAD
        kind = value.get("type", self.default)
        if not kind:
            findings.missing_key(path, "type", next(iter(self.records)))
            return BAD
        record = self.records.get(kind) if isinstance(kind, str) else None
        if record is None:
            known = ", ".join(self.records)
            message = f"{key_words((*path, 'type'))} is none of {known}"
            findings.add(fault_codes.BAD_VALUE, message, (*path, "type"), expected=known, found=shown(str(kind)))
            return BAD
        return record.read({key: item for key, item in value.items() if key != "type"}, path, findings)

    def schema(self) -> Schema:
        """See Shape."""
        kinds: Schema = {"type": "object", "properties": {"type": {"enum": list(self.records)}}}
        if not self.default:
            kinds["required"] = ["type"]
        return kinds | {"allOf": [self._when(name, record) for name, record in self.records.items()]}

    def _when(self, name: str, record: Record) -> Schema:
        then = record.schema()
        then["properties"] = {"type": {}} | then["properties"]
        test: Schema = {"properties": {"type": {"const": name}}}
        return {"if": test if name == self.default else test | {"required": ["type"]}, "then": then}
