"""Values of settings: what fits, and what a misfit says."""

from pathlib import Path

import pytest

from microflow_runtime.errors import SettingsError
from microflow_runtime.settings import SETTINGS, Secret
from microflow_runtime.settings.values import convert_text, convert_value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("port", "0", 0),
        ("require_system", "TRUE", True),
        ("require_system", "0", False),
        ("execution_seconds", "2.5", 2.5),
        ("apps", "a, b,", (Path("a"), Path("b"))),
        ("cors_origins", "https://a.example", ("https://a.example",)),
        ("context_root", "oneweb/", "/oneweb"),
        ("context_root", "/", "/"),
        ("admin_password", "x", Secret("x")),
        ("packages", "p", "p"),
        ("packages", "https://a.example:8443/x y/", "https://a.example:8443/x y/"),
        ("packages", "s3://bucket/prefix", "s3://bucket/prefix"),
        ("variables", "url=sqlite:///a.db, Demo/size=5", ("url=sqlite:///a.db", "Demo/size=5")),
        ("home", "p", Path("p")),
    ],
)
def test_text_becomes_a_value(name: str, text: str, value: object) -> None:
    """Each type is read from text as the reference says."""
    assert convert_text(SETTINGS[name], text, "here") == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "65536"),
        ("port", "-1"),
        ("port", "eighty"),
        ("port", "8" * 5000),
        ("workers", "0"),
        ("require_system", "perhaps"),
        ("execution_seconds", "nan"),
        ("execution_seconds", "inf"),
        ("execution_seconds", "0"),
        ("log_level", "loud"),
        ("context_root", "/a b"),
        ("context_root", "/a/../b"),
        ("context_root", "/a//b"),
        ("packages", "ftp://a.example/"),
        ("packages", "file:///etc"),
        ("packages", "https://"),
        ("packages", "https://a.example/?sig=1"),
        ("packages", "https://a.example/#x"),
        ("packages", "https://a.example:99999/"),
        ("packages", "s3://"),
        ("packages", "s3://bucket:80/x"),
        ("variables", "url"),
        ("variables", "=x"),
        ("variables", "a/b/c=x"),
    ],
)
def test_a_misfit_says_where_and_what(name: str, text: str) -> None:
    """A value that does not fit is refused with the place and the expectation."""
    with pytest.raises(SettingsError, match=r"^here: expected"):
        convert_text(SETTINGS[name], text, "here")


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", "80"), ("port", True), ("port", 8.0), ("require_system", 1), ("apps", "a"), ("apps", [1]), ("home", "")],
)
def test_typed_values_are_not_bent(name: str, value: object) -> None:
    """A value of a file or option must have the right type; text is not taken for a number."""
    with pytest.raises(SettingsError):
        convert_value(SETTINGS[name], value, "here")


def test_a_whole_number_serves_as_a_duration() -> None:
    """`30` in the file is thirty seconds."""
    assert convert_value(SETTINGS["execution_seconds"], 30, "here") == 30.0


def test_a_misfit_never_shows_a_secret() -> None:
    """The message for a secret of the wrong type does not hold it."""
    with pytest.raises(SettingsError) as caught:
        convert_value(SETTINGS["admin_password"], 424242, "here")
    assert "424242" not in str(caught.value)


@pytest.mark.parametrize(
    "store", ["sqlite", "postgresql://suda@db.example:5432/microflow", "postgresql:///db?host=/run/postgresql"]
)
def test_the_store_is_a_file_or_an_address(store: str) -> None:
    """Either word is taken as it is."""
    assert convert_text(SETTINGS["store"], store, "here") == store


@pytest.mark.parametrize(
    "store", ["", "SQLite", "mysql://h/db", "postgresql://host", "postgresql://host/", "postgresql://h:x/db", "db"]
)
def test_any_other_store_is_refused(store: str) -> None:
    """The error says what would do."""
    with pytest.raises(SettingsError, match="expected sqlite or postgresql://user@host:port/database"):
        convert_text(SETTINGS["store"], store, "here")


@pytest.mark.parametrize(
    "store", ["postgresql://u:canary@h/db", "postgresql://u@h/db?password=canary", "postgresql://:canary@h"]
)
def test_an_address_shows_no_password(store: str) -> None:
    """One that holds a password is refused before anybody prints it, and the error does not print it either."""
    with pytest.raises(SettingsError, match="MICROFLOW_STORE_PASSWORD_FILE") as caught:
        convert_text(SETTINGS["store"], store, "here")
    assert "canary" not in caught.value.message


def test_a_credential_in_an_address_is_refused() -> None:
    """The message does not show it, and names the settings that it belongs in."""
    with pytest.raises(SettingsError, match="holds a credential") as caught:
        convert_text(SETTINGS["packages"], "https://reader:canary@a.example/", "here")
    assert "canary" not in caught.value.message
    assert "packages_password" in caught.value.help
