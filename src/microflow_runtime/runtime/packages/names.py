"""The names of packages, and the names that they are kept under.

A name is composed and compared as a whole. It is never taken apart: every part of it may hold dots.
"""

import hashlib
from typing import Final

from microflow_runtime.path_names import wrong_outside

_SUFFIX: Final = ".jar"
_MARK: Final = "~"


def flow_package_name(flow_id: str, app: str, flow: str, version: str) -> str:
    """Give the name of the package of one flow. Source: ONEWEB, classAction."""
    return f"{flow_id}.{app}.{flow}.{version}{_SUFFIX}"


def app_package_name(app: str, version: str) -> str:
    """Give the name of the package of an app, of several flows of it, or of a patch."""
    return f"{app}.{version}{_SUFFIX}"


def kept_name(name: str) -> str:
    """Give the name that a package is kept under, as a file, in a bucket or behind an address.

    It is the name itself wherever that can be the name of a file. One that is longer than 255 bytes, begins with a dot or
    a tilde, or holds a slash, a backslash or a character that does not print, is kept under `~`, the 64 hex digits of its
    SHA-256, and `.jar`. So it is bounded, leads nowhere, and two names never meet.
    """
    if name.isprintable() and not name.startswith((".", _MARK)) and not wrong_outside(name):
        return name
    raw = name.encode("utf-8", "surrogatepass")
    return f"{_MARK}{hashlib.sha256(raw).hexdigest()}{_SUFFIX}"
