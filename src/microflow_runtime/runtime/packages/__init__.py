"""Packages: zips of definitions and shared files, never of code, by which apps and flows travel from one server to the next.

Others use: `Package`, `read_package`, `write_package`, `fetch_packages`, `check_place`, and the names `flow_package_name`,
`app_package_name` and `kept_name`; `building` for the command line.
"""

from microflow_runtime.runtime.packages.names import app_package_name, flow_package_name, kept_name
from microflow_runtime.runtime.packages.places import fetch_packages
from microflow_runtime.runtime.packages.reading import read_package
from microflow_runtime.runtime.packages.record import MAX_PACKAGE_BYTES, Package, PackageKind
from microflow_runtime.runtime.packages.remote import check_place
from microflow_runtime.runtime.packages.writing import with_callees, write_package

__all__ = [
    "MAX_PACKAGE_BYTES",
    "Package",
    "PackageKind",
    "app_package_name",
    "check_place",
    "fetch_packages",
    "flow_package_name",
    "kept_name",
    "read_package",
    "with_callees",
    "write_package",
]
