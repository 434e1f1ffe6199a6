"""A call of a flow that is served, to be shown to whoever has just started a server."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.model.type_ref import TypeRef
from microflow_runtime.runtime import Catalog

_MOST_LOOKED_AT: Final = 50
_MOST_DEPTH: Final = 8
_VALUES: Final[Mapping[str, Any]] = {
    "string": "text",
    "integer": 1,
    "decimal": Decimal("1.5"),
    "boolean": True,
    "date": "2026-01-31",
    "time": "12:30:00",
    "date-time": "2026-01-31T12:30:00Z",
    "duration": "PT1H",
}
_encoder: Final = msgspec.json.Encoder(enc_hook=str, decimal_format="number")


def example_call(catalog: Catalog) -> str | None:
    """Give the body of a call of DoAction, None when no flow answers.

    It is that of the first flow with a test that is to succeed, as the test calls it; else of the first flow of all, with
    made-up values for what it needs. Only some flows are looked at.
    """
    records = sorted(
        (record for section in catalog.manifest.sections for record in section.records if record.active),
        key=lambda record: (record.app, record.name),
    )
    chosen: tuple[Any, dict[str, Any]] | None = None
    for record in records[:_MOST_LOOKED_AT]:
        flow = catalog.flow_of(record)
        test = next((test for test in flow.tests if test.expected_error is None), None)
        if test is not None:
            chosen = (record, test.input)
            break
        chosen = chosen or (record, _made_up(flow, catalog.business_objects_of(record)))
    if chosen is None:
        return None
    record, values = chosen
    app = {"appName": record.app} if len(catalog.find_answering(record.name)) > 1 else {}
    return _encoder.encode({"flowName": record.name, **app, "object": values}).decode()


def _made_up(flow: Microflow, business_objects: Mapping[str, BusinessObject]) -> dict[str, Any]:
    """Give values for the inputs that a flow needs."""
    return {name: _value(ref, business_objects, 0) for name, ref in flow.inputs.items() if not ref.is_optional}


def _value(ref: TypeRef, business_objects: Mapping[str, BusinessObject], depth: int) -> Any:
    if ref.is_list:
        return []
    if ref.is_simple:
        return _VALUES[ref.name]
    if depth >= _MOST_DEPTH:
        return {}
    needed = (field for field in business_objects[ref.name].fields if _is_needed(field))
    return {field.name: _of_field(field, business_objects, depth + 1) for field in needed}


def _is_needed(field: Field) -> bool:
    return not field.type.is_optional and not field.type.is_list and field.default is msgspec.UNSET


def _of_field(field: Field, business_objects: Mapping[str, BusinessObject], depth: int) -> Any:
    if field.one_of:
        return field.one_of[0]
    if field.minimum is not None:
        return Decimal(field.minimum)
    return _value(field.type, business_objects, depth)
