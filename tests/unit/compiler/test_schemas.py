"""Tests of the JSON Schemas of the definition files."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import msgspec
import pytest

from microflow_runtime.compiler import schemas
from microflow_runtime.compiler.reading import DocumentKind, define, parse
from microflow_runtime.nodes.table import NODE_TYPES

ROOT = Path(__file__).parents[3]
FILES = sorted(path for path in ROOT.glob("apps/*/**/*.yaml"))
BLOCKS = re.findall(
    r"^```yaml (\w+)\n(.*?)^```",
    (ROOT / "docs/reference/definitions.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


class _Extra(msgspec.Struct):
    size: int


class _Settings(msgspec.Struct):
    source: Annotated[str, msgspec.Meta(description="Where from.")]
    command: Literal["select", "insert"]
    links: list[str]
    extra: _Extra | None = None


class _Sample:
    name = "sample type"
    settings = _Settings


def kind_of(path: Path) -> DocumentKind:
    """Give the kind of a definition file by its folder."""
    return {"business_objects": "business_object", "microflows": "microflow"}.get(path.parent.name, "app")


def schema_of(kind: DocumentKind) -> dict[str, Any]:
    """Give the schema of a kind of file with the runtime's own node types."""
    return schemas.microflow_schema(node_types()) if kind == "microflow" else getattr(schemas, f"{kind}_schema")()


def node_types() -> list[schemas.DescribedNodeType]:
    """Give the runtime's own node types."""
    return list(NODE_TYPES.values())


def faults_of(schema: dict[str, Any], data: Any) -> list[str]:
    """Give what a validator finds in the values of a file."""
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(_plain(data))]


def _plain(data: Any) -> Any:
    """Give the values as a JSON reader would: a Decimal is a number."""
    return json.loads(msgspec.json.Encoder(decimal_format="number").encode(data))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_apps_are_valid(path: Path) -> None:
    """Every definition of the apps is what its schema describes, and reads without a fault."""
    document, faults = parse(kind_of(path), path.name, path.read_bytes())
    assert document is not None
    assert [*faults, *define(document)[1]] == []
    assert faults_of(schema_of(kind_of(path)), document.data) == []


@pytest.mark.parametrize(("kind", "text"), BLOCKS)
def test_the_examples_of_the_reference_are_valid(kind: DocumentKind, text: str) -> None:
    """What the reference shows can be copied."""
    document, faults = parse(kind, "definitions.md", text.encode())
    assert document is not None
    assert [*faults, *define(document)[1]] == []
    assert faults_of(schema_of(kind), document.data) == []


def test_every_kind_is_shown_in_the_reference() -> None:
    """The page has an example of each kind of file."""
    assert {kind for kind, _ in BLOCKS} == {"app", "business_object", "microflow"}


def test_the_published_schemas_are_current() -> None:
    """What is committed is what the shapes give now; `microflow schema` writes it anew."""
    published = {
        path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs/reference/schemas").glob("*.json")
    }
    assert published == schemas.schema_files(node_types())


@pytest.mark.parametrize("name", list(schemas.schema_files([_Sample()])))
def test_the_schemas_are_schemas(name: str) -> None:
    """Each is valid JSON Schema 2020-12 and says so."""
    schema = json.loads(schemas.schema_files([_Sample()])[name])
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == schemas.DIALECT


@pytest.mark.parametrize(
    ("node", "good"),
    [
        ({"type": "sample type", "source": "a", "command": "select", "links": [{"otherwise": True, "to": "A"}]}, True),
        (
            {
                "type": "sample type",
                "source": "a",
                "command": "select",
                "links": [{"otherwise": True, "to": "A"}],
                "extra": {"size": 1},
                "title": "T",
            },
            True,
        ),
        ({"type": "sample type", "source": "a", "command": "drop", "links": [{"otherwise": True, "to": "A"}]}, False),
        ({"type": "sample type", "command": "select", "links": [{"otherwise": True, "to": "A"}]}, False),
        ({"type": "sample type", "source": "a", "command": "select"}, False),
        (
            {
                "type": "sample type",
                "source": "a",
                "command": "select",
                "links": [{"otherwise": True, "to": "A"}],
                "sauce": 1,
            },
            False,
        ),
        ({"type": "other", "source": "a"}, False),
    ],
)
def test_a_node_is_checked_by_its_type(node: dict[str, Any], good: bool) -> None:
    """The settings a type declares are required and limited, and no others are taken."""
    flow = {"microflow": "F", "id": "a", "nodes": {"N": node}}
    assert (faults_of(schemas.microflow_schema([_Sample()]), flow) == []) is good


def test_descriptions_reach_the_schema() -> None:
    """An editor shows what a key is for, common keys and settings alike."""
    text = schemas.schema_files([_Sample()])["microflow.schema.json"]
    assert "Where from." in text
    assert "The node that comes next." in text


def test_publishing_writes_every_schema(tmp_path: Path) -> None:
    """The command of the terminal writes the files where it is told."""
    written = schemas.publish_schemas(tmp_path / "new", [_Sample()])
    assert {path.name: path.read_text(encoding="utf-8") for path in written} == schemas.schema_files([_Sample()])
