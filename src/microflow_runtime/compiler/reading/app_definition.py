"""The keys of `app.yaml`."""

import re
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.connections import CONNECTION, check_variables
from microflow_runtime.compiler.reading.connections.words import SecretRef
from microflow_runtime.compiler.reading.findings import Findings, KeyPath, key_words, nearest, shown
from microflow_runtime.compiler.reading.shapes import BAD, Anything, MapOf, Record, Schema, Text, Whole, key
from microflow_runtime.compiler.reading.words import FOLDER_NAME, OPTION_NAME, FilePath
from microflow_runtime.model.app import App, DataSource, Environment
from microflow_runtime.path_names import wrong_with

_PASSWORD: Final = re.compile(r"[^/]*//[^/@]*:[^/]*@")
_VERSION: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?", re.ASCII)
RESERVED_VERSIONS: Final = frozenset(("folder", "working"))
"""Versions that no snapshot can have: they stand for the working folder."""


class Version(msgspec.Struct, frozen=True):
    """A snapshot version: letters, digits, dots and dashes. The `+` and digits of a working snapshot are added later."""

    example: str = "v.0.1.0"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if isinstance(value, str) and value in RESERVED_VERSIONS:
            message = f"No snapshot can have the version `{value}`: it stands for the working folder"
            findings.add(fault_codes.BAD_VALUE, message, path, expected=self.example, found=value)
            return BAD
        if isinstance(value, str) and _VERSION.fullmatch(value) and not wrong_with(value):
            return value
        if not isinstance(value, str):
            findings.wrong_kind(path, "a version", value, help=f"write a text such as {self.example}")
            return BAD
        message = f"`{shown(value)}` is not a version: it takes letters, digits, dots and dashes, at most 64"
        findings.add(fault_codes.BAD_VALUE, message, path, expected=self.example, found=shown(value))
        return BAD

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": f"^{_VERSION.pattern}$", "examples": [self.example]}


class TimeZone(msgspec.Struct, frozen=True):
    """The IANA name of a time zone, such as `Asia/Bangkok`."""

    example: str = "Asia/Bangkok"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, str):
            findings.wrong_kind(path, "the name of a time zone", value)
            return BAD
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):  # what ZoneInfo raises for a bad, a hostile and an unknown name
            near = nearest(value, available_timezones())
            message = f"There is no time zone `{shown(value)}`"
            hint = f"did you mean `{near}`?" if near else f"write an IANA name such as {self.example}"
            findings.add(
                fault_codes.BAD_VALUE,
                message,
                path,
                expected="an IANA time zone",
                found=shown(value),
                help=hint,
                replacement=near,
            )
            return BAD
        return value

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "minLength": 1, "examples": [self.example, "UTC"]}


def _no_password_in_url(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    url = written.get("url")
    if isinstance(url, str) and _PASSWORD.match(url):
        message = f"the URL of {key_words(path)} holds a password"
        findings.add(fault_codes.BAD_VALUE, message, (*path, "url"), help="write `password: {secret: name}` beside it")


DATA_SOURCE: Final = Record(
    keys=(
        key(
            "url",
            Text(empty=False, example="sqlite:///orders.db"),
            "Where the database is: `sqlite:///name.db`, whose file stands under the server's home, "
            "`postgresql://user@host/database` or `mariadb://user@host/database`; `{variable}` may stand in it.",
            required=True,
        ),
        key(
            "create_from",
            FilePath(example="files/orders.sql"),
            "An SQL script of the app that fills an SQLite file which does not exist yet.",
        ),
        key("pool_size", Whole(least=1, most=1000), "How many connections a worker keeps open at most."),
        key(
            "waiting",
            Whole(least=0, most=100_000),
            "How many executions of a worker may wait for a connection; unless said, as many as there are connections.",
        ),
        key("password", SecretRef(), "The secret that is the password."),
        key(
            "settings",
            MapOf(value=Anything()),
            "Further settings: isolation, connect_seconds, sslmode, sslrootcert, sslcert, sslkey, schema.",
        ),
    ),
    build=DataSource,
    named_by_key=True,
    check=_no_password_in_url,
)


ENVIRONMENT: Final = Record(
    keys=(
        key(
            "variables",
            MapOf(value=Text(), key=OPTION_NAME),
            "The values that `{name}` has in settings of this environment.",
        ),
    ),
    build=Environment,
    named_by_key=True,
)

APP: Final = Record(
    keys=(
        key(
            "app",
            FOLDER_NAME,
            "The name of the application, as callers write it in appName.",
            attribute="name",
            required=True,
        ),
        key("version", Version(), "The snapshot version.", required=True),
        key("description", Text(), "What the application is for."),
        key("time_zone", TimeZone(), "The IANA name of the zone that times without one belong to; UTC unless said."),
        key("data_sources", MapOf(value=DATA_SOURCE, key=OPTION_NAME), "The databases its flows may use, by name."),
        key(
            "connections",
            MapOf(value=CONNECTION, key=OPTION_NAME),
            "The outside systems its flows may call, by name.",
        ),
        key(
            "environments",
            MapOf(value=ENVIRONMENT, key=OPTION_NAME),
            "DEV, TEST, PROD …: what the variables are there.",
        ),
    ),
    build=App,
    check=check_variables,
)
