"""Which variables the environments of an app lack: those that its data sources and connections name by `{name}`."""

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.app_files import AppDefinitions
from microflow_runtime.compiler.reading.documents import Document
from microflow_runtime.compiler.reading.findings import KeyPath, nearest, shown
from microflow_runtime.errors import Fault

_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")
_NAMING: Final = ("data_sources", "connections")


def find_lacking_variables(
    definitions: AppDefinitions, environment: str | None = None, given: Collection[str] = ()
) -> tuple[Fault, ...]:
    """Find each place that names a variable which an environment of the app does not have.

    In `environment` that is an error, also when the app does not know the environment at all; in any other it is a
    warning, for the operator may give the value there. `given` are the variables that the operator does give in
    `environment`.
    """
    app, document = definitions.app, definitions.app_document
    if app is None or document is None:
        return ()
    have = {name: set(found.variables) for name, found in app.environments.items()}
    if environment is not None:
        have[environment] = {*have.get(environment, ()), *given}
    faults: list[Fault] = []
    for path, text in _texts(document.data):
        for name in dict.fromkeys(_VARIABLE.findall(text)):
            lacking = [other for other, variables in have.items() if name not in variables]
            faults += [_fault(document, path, name, other, have[other], environment) for other in lacking]
    return tuple(faults)


def _texts(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    waiting: list[tuple[KeyPath, Any]] = [((part,), data.get(part)) for part in reversed(_NAMING)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            waiting += [((*path, key), inner) for key, inner in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [((*path, index), inner) for index, inner in reversed(list(enumerate(value)))]


def _fault(
    document: Document, path: KeyPath, name: str, lacking: str, known: Collection[str], chosen: str | None
) -> Fault:
    place = document.place_of(path)
    near = nearest(name, known)
    hint = f"add `{name}` to the variables of {lacking}, or let the operator give it"
    return Fault(
        code=fault_codes.LACKING_VARIABLE,
        message=f"The environment `{shown(lacking)}` has no variable `{shown(name)}`",
        place=place,
        source_line=document.line_text(place.line),
        found=shown(name),
        help=f"did you mean `{near}`?" if near else hint,
        is_error=lacking == chosen,
    )
