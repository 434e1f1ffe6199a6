"""Names of packages."""

import hashlib

import pytest

from microflow_runtime.runtime.packages import app_package_name, flow_package_name, kept_name


def test_names_are_composed() -> None:
    """Of what the vendor's name has, in its order; parts may hold dots."""
    assert flow_package_name("id.1", "My.App", "Get it", "v.0.1.0") == "id.1.My.App.Get it.v.0.1.0.jar"
    assert app_package_name("My.App", "v.0.1.0") == "My.App.v.0.1.0.jar"


@pytest.mark.parametrize(
    "name", ["a.jar", "id.Shop.Known customer?.v.1.jar", "หนึ่ง.jar", "a" * 255, "a..b", "a:b*", "%2e"]
)
def test_a_name_that_a_file_can_have_is_kept(name: str) -> None:
    """In any script, with any sign that a file may have."""
    assert kept_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", ".a.jar", "../a.jar", "a/b.jar", "a\\b.jar", "a\0b", "a\nb", "\x7f", "\u202e", "\ud800"),
        *("a" * 256, "ก" * 86, "~a.jar", "~" + "0" * 64 + ".jar", "x" * 100_000),
    ],
)
def test_any_other_is_kept_under_its_digest(name: str) -> None:
    """So it is bounded and plain, also when it looks like such a digest itself."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    assert kept_name(name) == f"~{digest}.jar"


def test_two_names_never_meet() -> None:
    """What a name is kept under is never what another name is kept under."""
    long = "x" * 300
    assert kept_name(kept_name(long)) != kept_name(long)
