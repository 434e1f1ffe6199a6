"""Decisions of DMN files, versions 1.1 to 1.5: what a file defines, what a decision requires, tables and types.

Others use what is listed below.
"""

from microflow_runtime.compiler.decisions.dmn.document import BrokenFileError, DmnDocument, Element, read_document
from microflow_runtime.compiler.decisions.dmn.item_types import EACH, ItemType, ItemTypes
from microflow_runtime.compiler.decisions.dmn.model import EXPRESSIONS, DmnStep, Needed, Variable, is_feel, needed_for
from microflow_runtime.compiler.decisions.dmn.tables import read_dmn_table

__all__ = [
    "EACH",
    "EXPRESSIONS",
    "BrokenFileError",
    "DmnDocument",
    "DmnStep",
    "Element",
    "ItemType",
    "ItemTypes",
    "Needed",
    "Variable",
    "is_feel",
    "needed_for",
    "read_dmn_table",
    "read_document",
]
