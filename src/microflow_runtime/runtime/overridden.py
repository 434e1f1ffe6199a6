"""Apps whose folder was read and does not answer, because somebody activated a published version."""

from collections.abc import Collection

from microflow_runtime.runtime.activation import active_version
from microflow_runtime.runtime.manifest import FOLDER, WORKING
from microflow_runtime.runtime.report import Overridden
from microflow_runtime.runtime.runtime import Runtime


async def find_overridden(runtime: Runtime, apps: Collection[str] | None = None) -> tuple[Overridden, ...]:
    """Give the apps, of these or of all, whose folder does not answer or not with every flow.

    Costs nothing for an app of which nothing was activated.
    """
    catalog = runtime.catalog
    found = []
    for app in sorted(catalog.manifest.working if apps is None else apps):
        version = active_version(catalog, app)
        if version == WORKING or app not in catalog.manifest.working:
            continue
        flows = [
            record.active
            for section in catalog.manifest.sections
            for record in section.records
            if record.app == app and record.origin == FOLDER
        ]
        if flows and not all(flows):
            history = await runtime.store.list_activations(app, limit=1)
            last = history[0] if history and history[0].version == version else None
            found.append(
                Overridden(
                    app=app,
                    version=version,
                    at=None if last is None else last.at,
                    actor="" if last is None else last.actor,
                    silent=flows.count(False),
                    flows=len(flows),
                )
            )
    return tuple(found)
