"""What a package asks for and has not been granted, as faults that name the command."""

from collections.abc import Iterable

from microflow_runtime.compiler.reading import AppDefinitions, fault_codes
from microflow_runtime.compiler.reading.documents import Document
from microflow_runtime.errors import DefinitionFaults, Fault
from microflow_runtime.runtime.grants.asks import Ask
from microflow_runtime.runtime.grants.held import commands_for


class NotGranted(DefinitionFaults):
    """A package asks for what its app has not been granted. Nothing was changed. `lacking` holds what it is."""

    def __init__(self, faults: Iterable[Fault], lacking: Iterable[Ask]) -> None:
        super().__init__(tuple(faults))
        self.lacking = tuple(lacking)


def faults_of(definitions: AppDefinitions, app: str, lacking: Iterable[Ask]) -> list[Fault]:
    """Give a fault for each thing that is lacking, at the place that asks for it."""
    return [_fault(_document_of(definitions, ask), app, ask) for ask in lacking]


def _fault(document: Document | None, app: str, ask: Ask) -> Fault:
    path = ask.path if ask.path[0] != "flow" else ()
    place = document.place_of_key(path) if document is not None else None
    return Fault(
        code=fault_codes.NOT_GRANTED,
        message=f"The package asks for the {ask.kind} {ask.name} by {ask.by}, which {app} has not been granted",
        place=place,
        source_line=document.line_text(place.line) if document is not None and place is not None else "",
        found=ask.name,
        help=f"the operator grants it by: {commands_for(app, [ask])[0]}",
    )


def _document_of(definitions: AppDefinitions, ask: Ask) -> Document | None:
    if ask.path[0] != "flow":
        return definitions.app_document
    reading = definitions.readings.get(definitions.path_of_microflow[ask.path[1]])
    return None if reading is None else reading.document
