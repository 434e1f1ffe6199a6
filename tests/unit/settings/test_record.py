"""The settings record."""

from pathlib import Path

import pytest

from microflow_runtime.settings import Settings


@pytest.mark.parametrize(("root", "prefix"), [("/", ""), ("/oneweb", "/oneweb")])
def test_the_prefix_joins_with_a_path(root: str, prefix: str) -> None:
    """The root context adds nothing in front of a path."""
    assert Settings(context_root=root).prefix == prefix


def test_packages_lie_in_the_home_unless_named() -> None:
    """A named folder is taken as it is, also `.`."""
    assert Settings(home=Path("/h")).packages_folder == Path("/h/packages")
    assert Settings(home=Path("/h"), packages=".").packages_folder == Path()
    assert Settings(packages="s3://bucket/x").packages_folder is None


def test_settings_do_not_change() -> None:
    """The record is frozen."""
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]
