"""Every type of connection this runtime knows, and how a connection is read when its variables have no values yet."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.connections.files import (
    folder_shape,
    ftp_shape,
    ftps_shape,
    s3_shape,
    sftp_shape,
)
from microflow_runtime.compiler.reading.connections.http import Wrap, http_shape
from microflow_runtime.compiler.reading.connections.smtp import smtp_shape
from microflow_runtime.compiler.reading.connections.words import VARIABLE, Choice, Variable
from microflow_runtime.compiler.reading.findings import Findings, KeyPath, nearest, shown
from microflow_runtime.compiler.reading.shapes import BAD, Record, Schema
from microflow_runtime.model.app import Connection

TYPES: Final[Mapping[str, Callable[[Wrap], Record]]] = {
    "http": http_shape,
    "folder": folder_shape,
    "ftp": ftp_shape,
    "ftps": ftps_shape,
    "sftp": sftp_shape,
    "s3": s3_shape,
    "smtp": smtp_shape,
}
"""The types by name: each gives the shape of its settings, with a wrapping put around what may name a variable."""
DEFAULT_TYPE: Final = "http"


class ConnectionShape(msgspec.Struct, frozen=True):
    """A connection of any type: checked as far as it goes without variables, and kept as it is written."""

    choice: Choice
    example: str = "{url: …}"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        record = self.choice.read(value, path, findings)
        if record is BAD:
            return BAD
        retry = getattr(record, "retry", None)
        apart = {"type"} if retry is None else {"type", "retry"}
        settings = {name: item for name, item in value.items() if name not in apart}
        return Connection(name=str(path[-1]), type=value.get("type", DEFAULT_TYPE), settings=settings, retry=retry)

    def schema(self) -> Schema:
        """See Shape."""
        return self.choice.schema()


CONNECTION: Final = ConnectionShape(
    Choice(records={name: make(Variable) for name, make in TYPES.items()}, default=DEFAULT_TYPE)
)


def check_variables(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    """Check that each variable that a connection of the app names is one of some environment."""
    environments = written.get("environments")
    known: set[str] = set()
    for environment in environments.values() if isinstance(environments, dict) else ():
        variables = environment.get("variables") if isinstance(environment, dict) else None
        known.update(variables if isinstance(variables, dict) else ())
    for place, text in _texts(written.get("connections"), (*path, "connections")):
        for name in VARIABLE.findall(text):
            if name not in known:
                near = nearest(name, known)
                findings.add(
                    fault_codes.BAD_VALUE,
                    f"No environment has the variable `{shown(name)}`",
                    place,
                    help=f"did you mean `{near}`?" if near else "add it to `variables` of an environment",
                )


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(item, (*path, name))
