"""The rows of the settings."""

from microflow_runtime.settings import SETTINGS, Settings


def test_every_field_has_a_row_with_a_sentence() -> None:
    """No field of the record is left out of the table, and each says what it is for."""
    assert set(SETTINGS) == set(Settings.__struct_fields__) - {"origins"}
    assert all(setting.doc.endswith(".") for setting in SETTINGS.values())


def test_a_row_knows_its_variable_and_whether_it_is_secret() -> None:
    """Names in the environment are upper case with our prefix."""
    assert SETTINGS["admin_password"].variable == "MICROFLOW_ADMIN_PASSWORD"
    secrets = {name for name, setting in SETTINGS.items() if setting.is_secret}
    assert {"admin_password", "store_password"} <= secrets
    assert not {"home", "store"} & secrets


def test_defaults_fit_their_own_range() -> None:
    """No default is one that could not be set."""
    for setting in SETTINGS.values():
        if isinstance(setting.default, int | float):
            assert setting.at_least is None or setting.default >= setting.at_least, setting.name
            assert setting.at_most is None or setting.default <= setting.at_most, setting.name
