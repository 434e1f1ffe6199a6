"""Checks what has changed in app folders: Business Objects that a change may reach, and flows whose key is new."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from microflow_runtime.compiler import CheckedFlow, check_business_object
from microflow_runtime.errors import DefinitionFaults, Fault
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.runtime.app_index import AppIndex, document_of
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.folders import Folders
from microflow_runtime.runtime.lazy_plan import Documents
from microflow_runtime.runtime.manifest import FOLDER, FlowRecord, Place
from microflow_runtime.runtime.slices import Slices


async def check_folders(
    candidate: Catalog,
    indexes: Sequence[AppIndex],
    folders: Folders,
    records: Iterable[FlowRecord],
    is_called: Callable[[Place], bool] = lambda _: False,
) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """Check these flows, and the Business Objects that changed since all were good.

    The plans of flows at the places that are called, good ones, are made along with it: their next callers need not wait.
    Gives the keys of the flows and the warnings. Raises DefinitionFaults with everything that is wrong, of all apps at once.
    """
    slices = Slices()
    faults = [fault for index in indexes for fault in index.faults]
    for index in indexes:
        known = BusinessObjects(index, candidate.documents)
        for name in _to_check(index, folders.last_good(index)):
            document = document_of(index, index.business_objects[name], candidate.documents)
            faults += check_business_object(known[name], known, document, broken=index.broken)
            await slices.between()
    are_good = not any(fault.is_error for fault in faults)
    checked: list[str] = []
    by_app = {index.name: index for index in indexes if index.name}
    names = {app: tuple(index.business_objects) for app, index in by_app.items()}
    for record in records:
        of_app = by_app.get(record.app)
        is_here = of_app is not None and record.origin == FOLDER
        broken = of_app.broken if of_app is not None else frozenset[str]()
        library = candidate.library_of(record, broken, names.get(record.app, ()))
        definition = candidate.flow_of(record)
        await slices.between()  # what follows takes some milliseconds by itself
        if of_app is not None and is_here:
            document = document_of(of_app, of_app.flows[record.name], candidate.documents)
        else:
            document = candidate.documents.document(record.flow_hash)
        flow = CheckedFlow(definition, library, document)
        faults += flow.faults
        await slices.between()
        if any(fault.is_error for fault in flow.faults):
            are_good = False
            continue
        checked.append(record.key)
        if are_good and is_called(
            record.place
        ):  # else nothing is published, and what the plan is made of may be broken
            candidate.lazy_plan_of(record).take(flow.build())
            await slices.between()
    if not are_good:
        raise DefinitionFaults([fault for fault in faults if fault.is_error])
    return tuple(checked), tuple(faults)


def _to_check(index: AppIndex, good: AppIndex | None) -> Iterable[str]:
    """Give the names of the Business Objects that are new or changed, and of those that reach one which has changed or gone."""
    now = index.business_objects
    if good is None or good.broken or index.broken:
        return now
    before = good.business_objects
    if before is now:
        return ()
    changed = {name for name, file in now.items() if name not in before or before[name].key != file.key}
    gone = {name for name in before if name not in now}
    if not changed and not gone:
        return ()
    users: dict[str, list[str]] = {}
    for name, file in now.items():
        for used in file.note.uses if file.note is not None else ():
            users.setdefault(used, []).append(name)
    waiting = [*changed, *gone]
    while waiting:
        for user in users.get(waiting.pop(), ()):
            if user not in changed:
                changed.add(user)
                waiting.append(user)
    return sorted(changed)


class BusinessObjects(Mapping[str, BusinessObject]):
    """The Business Objects of an app by name, each decoded when it is asked for."""

    def __init__(self, index: AppIndex, documents: Documents) -> None:
        self._files = index.business_objects
        self._documents = documents

    def __getitem__(self, name: str) -> BusinessObject:
        found = self._documents.definition(self._files[name].key)
        assert isinstance(found, BusinessObject)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
