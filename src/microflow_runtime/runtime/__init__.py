"""The long-lived runtime of one process: catalog, refreshes, data sources, the shared page.

Others use: `Runtime`, `Catalog`, `FlowEntry`, `RefreshReport`, `SharedPage`, `page_path`; `packages` for zips. Each is
loaded when it is first asked for: a command that only needs the page does not wait for the compiler.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from microflow_runtime.runtime.catalog import Catalog, FlowEntry
    from microflow_runtime.runtime.page import SharedPage, page_path
    from microflow_runtime.runtime.report import RefreshReport
    from microflow_runtime.runtime.runtime import Runtime

__all__ = ["Catalog", "FlowEntry", "RefreshReport", "Runtime", "SharedPage", "page_path"]

_PLACES: Final = {
    "Catalog": "catalog",
    "FlowEntry": "catalog",
    "RefreshReport": "report",
    "Runtime": "runtime",
    "SharedPage": "page",
    "page_path": "page",
}


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{place}"), name)
