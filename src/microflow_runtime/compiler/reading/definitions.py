"""From a document to the model's record, with everything that is wrong in the file."""

from typing import Final

from microflow_runtime.compiler.reading.app_definition import APP
from microflow_runtime.compiler.reading.business_object_definition import BUSINESS_OBJECT
from microflow_runtime.compiler.reading.documents import Document, DocumentKind
from microflow_runtime.compiler.reading.findings import Findings
from microflow_runtime.compiler.reading.microflow_definition import MICROFLOW
from microflow_runtime.compiler.reading.shapes import BAD, Record
from microflow_runtime.errors import Fault
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Microflow

SHAPES: Final[dict[DocumentKind, Record]] = {"app": APP, "business_object": BUSINESS_OBJECT, "microflow": MICROFLOW}

Definition = App | BusinessObject | Microflow


def define(document: Document) -> tuple[Definition | None, tuple[Fault, ...]]:
    """Make the record that a document describes. It is None when something it cannot do without is wrong.

    A record can come with faults: an unknown key, or an optional one that is wrong and left out. It must not run then,
    but what else is wrong with it can be found.
    """
    findings = Findings(document.place_of, document.place_of_key, document.line_text)
    record = SHAPES[document.kind].read(document.data, (), findings)
    return None if record is BAD else record, tuple(sorted(findings.faults, key=_position))


def _position(fault: Fault) -> tuple[int, int]:
    return (fault.place.line, fault.place.column) if fault.place else (0, 0)
