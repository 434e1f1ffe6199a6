"""What may be in a package."""

import pytest

from microflow_runtime.errors import BadRequest
from microflow_runtime.runtime.packages.contents import (
    check_distinct,
    check_first_bytes,
    check_name,
    check_size,
    is_content,
)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "microflows/a.yaml",
            "business_objects/A b.yaml",
            "microflows/\u0e01\u200d.yaml",
            "files/a",
            "files/a/b/c.wsdl",
        ),
        *("files/no suffix", "files/data.python", "files/" + "d/" * 9 + "f"),
    ],
)
def test_contents_of_an_app(name: str) -> None:
    """Definitions lie directly in their folders, shared files anywhere below theirs."""
    assert is_content(name)
    check_name(name, 0)


@pytest.mark.parametrize("name", ["app.yaml", "snapshot.yaml"])
def test_files_of_the_package_itself(name: str) -> None:
    """They belong into it and are no content of an app that a patch could remove."""
    check_name(name, 0o100644)
    assert not is_content(name)


def test_distinct_names() -> None:
    """Names that differ for every file system pass, in any number."""
    check_distinct([f"files/{number}" for number in range(1000)])
    check_distinct(["files/a", "files/ab", "files/a b/c", "files/b"])
    with pytest.raises(BadRequest, match="twice"):
        check_distinct(["files/a", "FILES/A"])
    with pytest.raises(BadRequest, match="a folder, too"):
        check_distinct(["files/a/b/c", "files/a"])


def test_sizes_are_those_of_a_folder() -> None:
    """Definitions are smaller than shared files."""
    check_size("microflows/a.yaml", 1_000_000)
    check_size("files/a", 16_000_000)
    for name, size in (("microflows/a.yaml", 1_000_001), ("files/a", 16_000_001), ("app.yaml", 1_000_001)):
        with pytest.raises(BadRequest, match=f"a file of {size} bytes"):
            check_size(name, size)


@pytest.mark.parametrize(
    "content", [b"", b"M", b"text", b"# a comment", b"%PDF-1.7", b"\x89PNG\r\n", b"<?xml version='1.0'?>"]
)
def test_data_of_any_kind(content: bytes) -> None:
    """What is neither code nor an archive passes."""
    check_first_bytes("files/a", content)
