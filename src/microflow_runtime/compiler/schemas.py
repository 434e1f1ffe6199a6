"""JSON Schemas (2020-12) of the definition files, made of the shapes that read them, for editors that complete and check."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from microflow_runtime.compiler.library import inside_of
from microflow_runtime.compiler.reading.definitions import SHAPES
from microflow_runtime.compiler.reading.node_definition import INSIDE, NODE

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class DescribedNodeType(Protocol):
    """What a schema needs to know of a node type: its name, and the record of its settings, whose fields are YAML keys."""

    @property
    def name(self) -> str:
        """Give the word that stands at `type`."""

    @property
    def settings(self) -> type[msgspec.Struct]:
        """Give the record that the settings are read into."""


def app_schema() -> Schema:
    """Give the schema of `app.yaml`."""
    return _file_schema("An app", SHAPES["app"].schema())


def business_object_schema() -> Schema:
    """Give the schema of a file in `business_objects/`."""
    return _file_schema("A Business Object", SHAPES["business_object"].schema())


def microflow_schema(node_types: Iterable[DescribedNodeType]) -> Schema:
    """Give the schema of a file in `microflows/`, with the settings of each node type under its `if` and `then`."""
    types = sorted(node_types, key=lambda node_type: node_type.name)
    schema = SHAPES["microflow"].schema()
    node = NODE.schema()
    node["properties"]["type"] = {
        "description": node["properties"]["type"]["description"],
        "enum": [each.name for each in types],
    }
    definitions: dict[str, Schema] = {}
    inside = {key: node["properties"].pop(key) for key in INSIDE}
    node["allOf"] = [
        _when(each.name, _settings_schema(each, set(node["properties"]), definitions, inside)) for each in types
    ]
    node["unevaluatedProperties"] = False
    schema["properties"]["nodes"]["additionalProperties"] = {"$ref": "#/$defs/node"}
    return _file_schema("A microflow", schema) | {"$defs": {"node": node} | definitions}


def schema_files(node_types: Iterable[DescribedNodeType]) -> dict[str, str]:
    """Give the schemas as files: their names and their JSON text."""
    schemas = {
        "app.schema.json": app_schema(),
        "business_object.schema.json": business_object_schema(),
        "microflow.schema.json": microflow_schema(node_types),
    }
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()}


def publish_schemas(folder: Path, node_types: Iterable[DescribedNodeType]) -> list[Path]:
    """Write the schemas into a folder, which is made when it is missing, and give the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in schema_files(node_types).items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _file_schema(title: str, schema: Schema) -> Schema:
    return {"$schema": DIALECT, "title": title} | schema


def _when(name: str, then: Schema) -> Schema:
    return {"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": then}


def _settings_schema(
    node_type: DescribedNodeType, common: set[str], definitions: dict[str, Schema], inside: dict[str, Schema]
) -> Schema:
    """Give the schema of a type's settings; what it refers to goes into `definitions` under a name of its own.

    Keys that every node has are described once, for all nodes, so a type only says that it needs one.
    """
    prefix = node_type.name.replace(" ", "_")
    (reference,), components = msgspec.json.schema_components(
        [node_type.settings], ref_template=f"#/$defs/{prefix}.{{name}}"
    )
    own = reference["$ref"].rpartition(".")[2]
    definitions.update({f"{prefix}.{name}": schema for name, schema in components.items() if name != own})
    settings = components[own]
    properties = {key: schema for key, schema in settings.get("properties", {}).items() if key not in common}
    required = list(settings.get("required", ()))
    if key := inside_of(node_type):
        properties[key] = inside[key]
        required.append(key)
        if key == "nodes":
            properties["variables"] = inside["variables"]
    return {"properties": properties} | ({"required": required} if required else {})
