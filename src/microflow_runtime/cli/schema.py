"""`microflow schema`: the JSON Schemas of the definition files, for editors."""

from pathlib import Path
from typing import Annotated

import typer


def schema(
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder to write the schemas to.")] = Path("schemas"),
) -> None:
    """Write one JSON Schema for each kind of definition file and print the files' names."""
    from microflow_runtime.compiler.schemas import publish_schemas
    from microflow_runtime.nodes import NODE_TYPES

    out.mkdir(parents=True, exist_ok=True)
    for path in publish_schemas(out, NODE_TYPES.values()):
        typer.echo(str(path))
