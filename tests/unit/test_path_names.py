"""Names that become parts of paths: which can, at every door that takes one."""

import unicodedata

import pytest
from tests.unit.small_apps import faults_of

from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.path_names import part_of_path, wrong_outside, wrong_with
from microflow_runtime.runtime.files.names import parts_of
from microflow_runtime.runtime.packages.contents import is_plain

_NOWHERE = ("", ".", "..", "a/b", "/", "a\\b", "a\0b", "a\nb", "\x7f", "\x9b", "\ud800", "x" * 256, "ก" * 86)
_LOOK_ALIKE = (
    " a", "a ", ".a", "a.", "..a", "a\u202eb", "a\u2028b", "a\ufeff", "a\u00a0b", "\u200da", "a\u200d", "\ue000",
    unicodedata.normalize("NFD", "Größe"),
)  # fmt: skip
_GOOD = ("Demo", "Get Tracking List", "v.0.2.0", "a..b", "อัตรา", "नमस्\u200dते", "Größe", "x" * 255, "a~", "CON", "-a")


@pytest.mark.parametrize("name", _NOWHERE)
def test_what_is_no_name_anywhere(name: str) -> None:
    """Is refused of us and of others, with its reason."""
    assert wrong_with(name)
    assert wrong_outside(name)
    with pytest.raises(SettingsError, match=r"^The name of the app, .* cannot be a part of a path: "):
        part_of_path(name, "the app")


@pytest.mark.parametrize("name", _LOOK_ALIKE)
def test_what_looks_like_another_name(name: str) -> None:
    """Is none of ours; others may have called a file so."""
    assert wrong_with(name)
    assert wrong_outside(name) == ""


@pytest.mark.parametrize("name", _GOOD)
def test_names_of_any_script(name: str) -> None:
    """With spaces and dots inside, stay as they are."""
    assert wrong_with(name) == ""
    assert part_of_path(name, "the app") == name


@pytest.mark.parametrize("name", [*_NOWHERE, *_LOOK_ALIKE])
@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("app: NAME\nversion: v.1\n", "app"),
        ("app: A\nversion: v.1\ndata_sources: {NAME: {url: 'sqlite:///a.db'}}\n", "data source"),
        ("app: A\nversion: v.1\nconnections: {NAME: {url: 'http://a.example'}}\n", "connection"),
        ("app: A\nversion: v.1\nenvironments: {NAME: {variables: {a: b}}}\n", "environment"),
        ("app: A\nversion: NAME\n", "snapshot"),
        ("business_object: NAME\nfields: {a: string}\n", "Business Object"),
        ("microflow: NAME\nnodes:\n  Start: {type: start, next: End}\n  End: {type: end}\n", "flow"),
        ("microflow: F\nid: NAME\nnodes:\n  Start: {type: start, next: End}\n  End: {type: end}\n", "id of a flow"),
    ],
)
def test_no_definition_has_such_a_name(text: str, of: str, name: str) -> None:
    """Whatever it is the name of; one that is too long as part of a path is fine where it never is one alone."""
    if len(name.encode("utf-8", "surrogatepass")) > 200 and of in {"flow", "Business Object", "id of a flow"}:
        name = name[:1] * 201
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in name)
    found = faults_of(text.replace("NAME", f'"{escaped}"'))
    assert [fault.code for fault in found if fault.is_error], of


@pytest.mark.parametrize("name", _NOWHERE)
def test_no_file_of_a_node_or_package_has_such_a_name(name: str) -> None:
    """Neither as a whole nor as a part."""
    for path in (name, f"a/{name}/b") if "/" not in name or name == "/" else (f"/{name}", f"a//{name}"):
        with pytest.raises(NodeError):
            parts_of(path)
        assert not is_plain(path)


@pytest.mark.parametrize("name", [each for each in _LOOK_ALIKE if not each.startswith(".")])
def test_a_file_of_an_app_with_such_a_name_is_told(name: str) -> None:
    """It is told with its path, and the app is not served."""
    app = "app: A\nversion: v.1\n"
    found = faults_of(app, files={f"files/{name}": b"x"})
    assert [fault.code for fault in found] == ["MF-D013"]
