"""Decisions of DMN files, versions 1.3 to 1.5: decision tables and literal expressions, and what they require.

Others use what is listed below.
"""

from microflow_runtime.compiler.decisions.dmn.document import BrokenFileError, DmnDocument, Element, read_document
from microflow_runtime.compiler.decisions.dmn.item_types import ItemType, ItemTypes
from microflow_runtime.compiler.decisions.dmn.model import DmnDecision, Needed, Variable, needed_for
from microflow_runtime.compiler.decisions.dmn.tables import read_dmn_table

__all__ = [
    "BrokenFileError",
    "DmnDecision",
    "DmnDocument",
    "Element",
    "ItemType",
    "ItemTypes",
    "Needed",
    "Variable",
    "needed_for",
    "read_dmn_table",
    "read_document",
]
