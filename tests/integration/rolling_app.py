"""An app whose flows tell which content they are of, as folder and as packages."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.integration.version_oracle import FLOWS

APP: Final = "Rolling"
BASE: Final = "v.base"
_SAY: Final = """nodes:
  Start: {type: start, next: Say}
  Say: {type: mapping, out: {VersionBO.number: OWN}, next: End}
  End: {type: end}
"""
_ASK: Final = """nodes:
  Start: {type: start, next: Ask}
  Ask: {type: sub flow, CALLED, out: {VersionBO.number: = VersionBO.number, VersionBO.outer: OWN}, next: End}
  End: {type: end}
"""
_CALLED: Final = {"Outer": "flow: Inner", "Pinned": f"flow: Answer, snapshot: {BASE}"}


def id_of(flow: str) -> str:
    """Give the id of a flow."""
    return f"id-of-{flow}"


def files_of(version: str, numbers: Mapping[str, int]) -> dict[str, str]:
    """Give the files of an app with these flows, each of which tells its number."""
    files = {
        "app.yaml": f"app: {APP}\nversion: {version}\n",
        "business_objects/VersionBO.yaml": "business_object: VersionBO\nfields: {number: integer, outer: integer?}\n",
    }
    for flow, number in numbers.items():
        head = f"microflow: {flow}\nid: {id_of(flow)}\noutputs: {{VersionBO: VersionBO}}\n"
        nodes = _ASK.replace("CALLED", _CALLED[flow]) if flow in _CALLED else _SAY
        files[f"microflows/{flow}.yaml"] = head + nodes.replace("OWN", str(number))
    return files


def write_folder(folder: Path, numbers: Mapping[str, int]) -> Path:
    """Write the app's working folder, or write it anew."""
    for name, text in files_of("v.work", numbers).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def zipped(files: Mapping[str, str]) -> bytes:
    """Make a package of files, with another program than the product's own."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return body.getvalue()


def package(version: str, numbers: Mapping[str, int]) -> bytes:
    """Make the package of a whole app."""
    return zipped(files_of(version, numbers))


def patch(version: str, base: str, numbers: Mapping[str, int], removed: tuple[str, ...]) -> bytes:
    """Make a patch that changes the flows of `numbers` and leaves out the flows `removed`."""
    files = files_of(version, numbers)
    del files["business_objects/VersionBO.yaml"]
    paths = "".join(f"  - microflows/{flow}.yaml\n" for flow in removed)
    files["snapshot.yaml"] = f"kind: patch\nbase: {base}\n" + (f"removed:\n{paths}" if removed else "")
    return zipped(files)


def flow_package(version: str, numbers: Mapping[str, int]) -> tuple[str, bytes]:
    """Make the package of the last of these flows, with those that it calls, and give it with its name."""
    flow = [each for each in FLOWS if each in numbers][-1]
    files = files_of(version, numbers) | {"snapshot.yaml": "kind: flows\n"}
    return f"{id_of(flow)}.{APP}.{flow}.{version}.jar", zipped(files)
