"""The long-lived runtime of one process: catalog, refreshes, data sources, the shared page.

Others use: `Runtime`, `Catalog`, `FlowEntry`, `RefreshReport`, `SharedPage`, `page_path`; `packages` for zips.
"""

from microflow_runtime.runtime.catalog import Catalog, FlowEntry
from microflow_runtime.runtime.page import SharedPage, page_path
from microflow_runtime.runtime.report import RefreshReport
from microflow_runtime.runtime.runtime import Runtime

__all__ = ["Catalog", "FlowEntry", "RefreshReport", "Runtime", "SharedPage", "page_path"]
