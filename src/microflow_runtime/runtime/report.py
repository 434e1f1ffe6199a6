"""What a refresh touched, in the figures that classAction answers with."""

import msgspec

from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.manifest import FlowRecord


class RefreshReport(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one refresh. Each counts what the call read, checked or generated anew for the flows it was about.

    `definitions` are flows; `business_objects` the uses of Business Objects as input, output or variable of these flows;
    `business_object_definitions` the distinct definitions behind them, fields' types included; `field_maps` one for each
    of those definitions; `fields` all their fields; `classes` the classes generated, for every flow its own.
    """

    epoch: int
    changed: bool
    flows: tuple[str, ...] = ()
    definitions: int = 0
    business_objects: int = 0
    business_object_definitions: int = 0
    field_maps: int = 0
    fields: int = 0
    classes: int = 0


def report_on(catalog: Catalog, records: list[FlowRecord], *, changed: bool) -> RefreshReport:
    """Count what stands behind the flows."""
    fields_of: dict[str, int] = {}
    uses = 0
    classes = 0
    for record in records:
        flow = catalog.flow_of(record)
        objects = catalog.business_objects_of(record)
        declared = (*flow.inputs.values(), *flow.outputs.values(), *flow.variables.values())
        uses += sum(not ref.is_simple for ref in declared)
        classes += len(objects)
        for name, definition in objects.items():
            fields_of[record.business_objects[name]] = len(definition.fields)
    return RefreshReport(
        epoch=catalog.epoch,
        changed=changed,
        flows=tuple(record.name for record in records),
        definitions=len(records),
        business_objects=uses,
        business_object_definitions=len(fields_of),
        field_maps=len(fields_of),
        fields=sum(fields_of.values()),
        classes=classes,
    )
