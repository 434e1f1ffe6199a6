"""The content of an app as it answers now and as it would with a package, in the form that comparisons take."""

from collections.abc import Iterable

import msgspec

from microflow_runtime.compiler import closure_of, types_of
from microflow_runtime.compiler.impact import AppContent
from microflow_runtime.compiler.reading import AppDefinitions
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.runtime.activation import active_version
from microflow_runtime.runtime.builder import Forms, read_app
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.manifest import FOLDER, WHOLE, FlowRecord
from microflow_runtime.runtime.runtime import Runtime
from microflow_runtime.runtime.snapshot_content import read_content, read_sources


class Answering(msgspec.Struct, frozen=True):
    """What answers for an app. `content` is None when nothing does; `version` is that of a snapshot, of a folder its full name.

    `is_complete` tells that it holds also what no flow uses; what is read out of a catalog does not.
    """

    version: str
    content: AppContent | None
    is_complete: bool


async def content_that_answers(runtime: Runtime, app: str, forms: Forms) -> Answering:
    """Give what answers for an app now."""
    version = active_version(runtime.catalog, app)
    snapshot = await runtime.store.find_snapshot(app, version) if version else None
    if snapshot is not None and snapshot.kind in WHOLE:
        ((_, source),) = await read_sources(
            runtime.store, await read_content(runtime.store, snapshot.content_hash), f"{app}.{version}"
        )
        return Answering(version, _complete(await read_app(source, forms, None)), True)  # noqa: FBT003 - the field's name says it
    records = [record for record in runtime.catalog.manifest.flows if record.app == app and record.active]
    if not records:
        return Answering("", None, True)  # noqa: FBT003 - as above
    first = next((record for record in records if record.origin == FOLDER), records[-1])
    return Answering(first.snapshot, _of_catalog(runtime.catalog, first, records), False)  # noqa: FBT003 - as above


def content_that_comes(before: Answering, definitions: AppDefinitions, *, is_whole: bool) -> AppContent:
    """Give what would answer with a package: its own content if it is whole, else what answers now with its flows."""
    new = _complete(definitions)
    if not before.is_complete:
        used = [ref for flow in new.flows.values() for ref in types_of(flow)]
        new = AppContent(
            app=new.app, flows=new.flows, business_objects=closure_of(used, new.business_objects), files={}
        )
    old = before.content
    if is_whole or old is None:
        return new
    return AppContent(
        app=new.app,
        flows={**old.flows, **new.flows},
        business_objects={**old.business_objects, **new.business_objects},
        files={**old.files, **new.files},
    )


def _complete(definitions: AppDefinitions) -> AppContent:
    assert definitions.app is not None, "a package without a good app.yaml is refused before"
    return AppContent(
        app=definitions.app,
        flows=definitions.microflows,
        business_objects=definitions.business_objects,
        files={file.path: file.content_hash for file in definitions.source.files if file.kind == "file"},
    )


def _of_catalog(catalog: Catalog, first: FlowRecord, records: Iterable[FlowRecord]) -> AppContent:
    objects: dict[str, BusinessObject] = {}
    flows = {}
    for record in records:
        flows[record.name] = catalog.flow_of(record)
        objects |= catalog.business_objects_of(record)
    return AppContent(app=catalog.app_of(first), flows=flows, business_objects=objects)
