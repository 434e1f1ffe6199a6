"""The forms of grants, and what each stands for."""

from pathlib import Path

import pytest

from microflow_runtime.errors import SettingsError
from microflow_runtime.settings import load_settings
from microflow_runtime.settings.grant import folder_name, host_name, read_entry, read_grant


@pytest.mark.parametrize(
    ("granted", "kept", "covered", "not_covered"),
    [
        ("https://api.example", "https://api.example:443", ["https://api.example:443"], ["http://api.example:443"]),
        (
            "https://API.example.:8443",
            "https://api.example:8443",
            ["https://api.example:8443"],
            ["https://api.example:443"],
        ),
        (
            "api.example",
            "api.example",
            ["https://api.example:1", "smtp://api.example:25"],
            ["https://b.api.example:443"],
        ),
        ("api.example:443", "api.example:443", ["https://api.example:443"], ["https://api.example:444"]),
        (
            "*.example.com",
            "*.example.com",
            ["https://a.example.com:443", "sftp://a.b.example.com:22"],
            ["https://example.com:443", "https://aexample.com:443", "https://127.0.0.1:443", "https://localhost:443"],
        ),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000", ["http://127.0.0.1:9000"], ["http://127.0.0.2:9000"]),
        ("[::1]:9000", "[::1]:9000", ["http://[::1]:9000"], ["http://[::2]:9000"]),
        ("smtp://mail.internal", "smtp://mail.internal", ["smtp://mail.internal:587"], ["ftp://mail.internal:21"]),
        ("postgresql://db", "postgresql://db:5432", ["postgresql://db:5432"], ["mariadb://db:5432"]),
    ],
)
def test_a_host_is_granted_as_it_is_written(
    granted: str, kept: str, covered: list[str], not_covered: list[str]
) -> None:
    """A grant has one form; it stands for its scheme, port and name, and for nothing beside them."""
    grant = read_grant("Shop", "host", granted, "here")
    assert grant.name == kept
    assert [each for each in covered if not grant.covers("host", each)] == []
    assert [each for each in not_covered if grant.covers("host", each)] == []
    assert not grant.covers("secret", covered[0])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("host", ""),
        ("host", "*"),
        ("host", "*.*.example"),
        ("host", "a*.example"),
        ("host", "https://a.example/path"),
        ("host", "https://user@a.example"),
        ("host", "gopher://a.example"),
        ("host", "a.example:0"),
        ("host", "a..example"),
        ("host", "[::1"),
        ("secret", "../key"),
        ("secret", ""),
        ("folder", "relative"),
        ("folder", "/"),
        ("folder", "/a/.."),
        ("code", " "),
        ("code", "a\nb"),
        ("place", "x"),
    ],
)
def test_what_no_grant_can_be_is_refused(kind: str, name: str) -> None:
    """A slip is told where it stands, with what was expected."""
    with pytest.raises(SettingsError, match="here: expected"):
        read_grant("Shop", kind, name, "here")


def test_a_folder_is_granted_with_what_is_below(tmp_path: Path) -> None:
    """A folder stands for itself and all below, wherever links lead."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "out").symlink_to("/etc")
    grant = read_grant("Shop", "folder", f"{tmp_path}/in/", "here")
    assert grant.covers("folder", folder_name(f"{tmp_path}/in"))
    assert grant.covers("folder", folder_name(f"{tmp_path}/in/a/b"))
    assert not grant.covers("folder", folder_name(f"{tmp_path}/inner"))
    assert not grant.covers("folder", folder_name(f"{tmp_path}/in/out"))
    assert not grant.covers("folder", folder_name(f"{tmp_path}/in/../x"))


def test_what_is_asked_for_has_one_spelling() -> None:
    """A host is asked for in small letters, without the dot at its end."""
    assert host_name("https", "API.Example.", 443) == "https://api.example:443"
    assert host_name("http", "::1", 80) == "http://[::1]:80"


def test_grants_stand_in_the_settings(tmp_path: Path) -> None:
    """Tables by app in the file, and entries in a variable, come to the same entries; a slip names its place."""
    (tmp_path / "microflow.toml").write_text('[grants.Shop]\nsecret = ["fx"]\nhost = ["https://api.example"]\n')
    settings = load_settings(environ={}, folder=tmp_path)
    assert settings.grants == ("Shop/secret=fx", "Shop/host=https://api.example")
    assert settings.origin_of("grants") == "microflow.toml grants"
    again = load_settings(environ={"MICROFLOW_GRANTS": "A b/secret=x, Shop/code=loyalty points"}, folder=tmp_path)
    assert [read_entry(each, "") for each in again.grants] == [
        read_grant("A b", "secret", "x", ""),
        read_grant("Shop", "code", "loyalty points", ""),
    ]
    for wrong in (
        'grants = ["Shop=x"]',
        "[grants.Shop]\nhosts = ['a']",
        "[grants]\nShop = 1",
        "[grants.Shop]\nhost = 'a'",
    ):
        (tmp_path / "microflow.toml").write_text(wrong)
        with pytest.raises(SettingsError, match=r"microflow\.toml grants"):
            load_settings(environ={}, folder=tmp_path)
