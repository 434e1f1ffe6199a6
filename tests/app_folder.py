"""Writes the folder of an app from texts, for tests that make their own apps."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent


def write_app(
    folder: Path,
    app: str,
    business_objects: Mapping[str, str],
    microflows: Mapping[str, str],
    files: Mapping[str, str] | None = None,
) -> Path:
    """Write an app. `app` and the values are YAML; Business Objects give only their fields, flows all but their name.

    A flow without an id is given one that is made from its name.
    """
    (folder / "business_objects").mkdir(parents=True, exist_ok=True)
    (folder / "microflows").mkdir(exist_ok=True)
    (folder / "app.yaml").write_text(dedent(app), encoding="utf-8")
    for name, fields in business_objects.items():
        text = f"business_object: {name}\nfields:\n" + _indented(fields)
        (folder / "business_objects" / f"{name}.yaml").write_text(text, encoding="utf-8")
    for name, body in microflows.items():
        write_flow(folder, name, body)
    for name, content in (files or {}).items():
        path = folder / "files" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(content), encoding="utf-8")
    return folder


def write_flow(folder: Path, name: str, body: str) -> Path:
    """Write one flow of an app, or write it anew."""
    path = folder / "microflows" / f"{name}.yaml"
    text = dedent(body)
    own_id = "" if "\nid:" in f"\n{text}" else f"id: id-of-{name.replace(' ', '-')}\n"
    path.write_text(f"microflow: {name}\n{own_id}{text}", encoding="utf-8")
    return path


def _indented(fields: str) -> str:
    return "".join(f"  {line}\n" for line in dedent(fields).strip().splitlines())
