"""The typed records that flow in, through and out of microflows."""

import msgspec

from microflow_runtime.model.type_ref import TypeRef


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a Business Object (the vendor's parameter).

    `default` is a JSON value and stands in for absent and for null. `minimum`, `maximum` are decimal text and bound
    numbers; lengths count characters of a string or items of a list; `pattern` is a whole-value XPath pattern.
    A `sensitive` field is masked wherever a step is recorded, and in every sentence of a failure.
    """

    name: str
    type: TypeRef
    default: msgspec.UnsetType | object = msgspec.UNSET
    minimum: str | None = None
    maximum: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    one_of: tuple[str, ...] = ()
    sensitive: bool = False
    description: str = ""


class BusinessObject(msgspec.Struct, frozen=True, kw_only=True):
    """A named record type: its fields in the order they are declared, which is their order on the wire."""

    name: str
    fields: tuple[Field, ...]
    description: str = ""
