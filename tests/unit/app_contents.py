"""Makes contents of apps from short words, for the tests of this room."""

from collections.abc import Mapping
from typing import Any

from microflow_runtime.compiler.impact import AppContent
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.microflow import Microflow, Node
from microflow_runtime.model.type_ref import TypeRef


def ref(text: str) -> TypeRef:
    """Read `X`, `X?`, `[X]`."""
    is_optional = text.endswith("?")
    bare = text.removesuffix("?")
    return TypeRef(bare.strip("[]"), bare.startswith("["), is_optional)


def business_object(name: str, /, **fields: str | Mapping[str, Any]) -> BusinessObject:
    """Make a Business Object; a field is its type, or its attributes with the type in words."""
    made = []
    for field, given in fields.items():
        attributes = {"type": given} if isinstance(given, str) else dict(given)
        made.append(Field(name=field, type=ref(attributes.pop("type")), **attributes))
    return BusinessObject(name=name, fields=tuple(made))


def flow(
    name: str = "F",
    inputs: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    calls: tuple[str, ...] = (),
    **attributes: Any,
) -> Microflow:
    """Make a flow whose nodes are the calls of others."""
    nodes = {callee: Node(name=callee, type="sub flow", settings={"flow": callee}) for callee in calls}
    types = {
        word: {key: ref(text) for key, text in (given or {}).items()}
        for word, given in (("inputs", inputs), ("outputs", outputs), ("variables", variables))
    }
    return Microflow(**{"name": name, "id": f"id of {name}", "nodes": nodes} | types | attributes)


def content(*definitions: Microflow | BusinessObject, **app: Any) -> AppContent:
    """Make a content of these definitions; `files` and what `app.yaml` says by name."""
    files = app.pop("files", {})
    return AppContent(
        app=App(**{"name": "Demo", "version": "v.0.1.0"} | app),
        flows={each.name: each for each in definitions if isinstance(each, Microflow)},
        business_objects={each.name: each for each in definitions if isinstance(each, BusinessObject)},
        files=files,
    )
