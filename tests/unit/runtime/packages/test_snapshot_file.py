"""`snapshot.yaml`: read strictly, with the place of what is wrong."""

import pytest

from microflow_runtime.errors import BadRequest
from microflow_runtime.runtime.packages.snapshot_file import SnapshotFile, read_snapshot_file, write_snapshot_file


@pytest.mark.parametrize(
    "snapshot",
    [
        SnapshotFile(kind="full"),
        SnapshotFile(kind="flows"),
        SnapshotFile(kind="patch", base="v.0.1.0"),
        SnapshotFile(kind="patch", base="007", removed=("files/a", "microflows/x.yaml")),
    ],
)
def test_what_is_written_is_read(snapshot: SnapshotFile) -> None:
    """Also a base that looks like a number."""
    assert read_snapshot_file("x.jar", write_snapshot_file(snapshot), ["app.yaml"]) == snapshot


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind: ful", r"x\.jar/snapshot\.yaml:1:7: MF-D016 .*\(did you mean `full`\?\)"),
        ("kind: patch", r"MF-D011 .*needs the key `base`"),
        ("kind: flows\nbase: v.1", r"snapshot\.yaml:2:1: MF-D016 `base` belongs to a patch only"),
        (
            "kind: patch\nbase: v.1\nremoved: [app.yaml]",
            r"snapshot\.yaml:3:11: MF-D016 `app\.yaml` is no file of an app",
        ),
        ("kind: patch\nbase: v.1\nremoved: [7]", r"`7` is no file of an app"),
        ("kind: full\nmore: 1", r"MF-D010"),
        ("- kind: full", r"MF-D007"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    """The first fault, as in any other definition."""
    with pytest.raises(BadRequest, match=told):
        read_snapshot_file("x.jar", text.encode(), [])
