"""Reads the settings: option > environment > `microflow.toml` > default. What nobody knows is an error, not ignored."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from rapidfuzz import process as fuzzy

from microflow_runtime.errors import SettingsError
from microflow_runtime.settings.package_place import is_address
from microflow_runtime.settings.record import Settings
from microflow_runtime.settings.secrets import SECRET_PREFIX
from microflow_runtime.settings.table import PREFIX, SETTINGS, Setting
from microflow_runtime.settings.values import convert_text, convert_value
from microflow_runtime.text import BrokenText, decode

FILE_NAME = "microflow.toml"
CONFIG_VARIABLE = PREFIX + "CONFIG"
_FILE_SUFFIX = "_FILE"
_MOST_FILE_BYTES = 1024 * 1024


def load_settings(
    *,
    options: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    folder: Path = Path(),
    known_elsewhere: Iterable[str] = (),
) -> Settings:
    """Read the settings that hold for a server started in `folder`.

    `options` are values from the command line by setting name; a None among them is one that was not given.
    `known_elsewhere` names further `MICROFLOW_…` variables that belong to the command line alone. The variable
    `MICROFLOW_CONFIG` names another file than `folder/microflow.toml`.

    Raises SettingsError for an unknown variable or key, a value that does not fit, or a file that cannot be read.
    """
    variables = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in (
        _read_file(folder, variables),
        _read_environment(variables, frozenset(known_elsewhere)),
        _read_options(options or {}),
    ):
        for name, (value, origin) in layer.items():
            values[name] = value
            origins[name] = origin
    return Settings(**values, origins=origins)


_Layer = dict[str, tuple[Any, str]]


def _read_options(options: Mapping[str, Any]) -> _Layer:
    found: _Layer = {}
    for name, value in options.items():
        if value is None:
            continue
        origin = "option --" + name.replace("_", "-")
        found[name] = (convert_value(_get_setting(name, origin), value, origin), origin)
    return found


def _read_environment(variables: Mapping[str, str], elsewhere: frozenset[str]) -> _Layer:
    found: _Layer = {}
    by_variable = {setting.variable: setting for setting in SETTINGS.values()}
    by_file = {setting.variable + _FILE_SUFFIX: setting for setting in SETTINGS.values() if setting.is_secret}
    for variable, text in variables.items():
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE or variable in elsewhere:
            continue
        if variable.startswith(SECRET_PREFIX):  # a secret that definitions refer to, under any name
            continue
        origin = f"environment {variable}"
        if setting := by_variable.get(variable):
            if text or setting.type is str:
                found[setting.name] = (convert_text(setting, text, origin), origin)
        elif setting := by_file.get(variable):
            if setting.variable in variables:
                raise SettingsError(f"{setting.variable} and {variable} are both set; set one of them.")
            found[setting.name] = (convert_text(setting, _read_secret(variable, text), origin), origin)
        else:
            raise _unknown("variable", variable, [*by_variable, *by_file, *elsewhere, CONFIG_VARIABLE])
    return found


def _read_secret(variable: str, path: str) -> str:
    return _read_text(Path(path), variable).rstrip("\r\n")


def _read_text(path: Path, named_by: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_FILE_BYTES + 1)
        if len(content) > _MOST_FILE_BYTES:
            raise SettingsError(f"{named_by}: the file {path} is larger than {_MOST_FILE_BYTES} bytes.")
        return decode(content)
    except (OSError, BrokenText, ValueError) as cause:
        raise SettingsError(f"{named_by}: the file {path} cannot be read as UTF-8 text.") from cause


def _read_file(folder: Path, variables: Mapping[str, str]) -> _Layer:
    named = variables.get(CONFIG_VARIABLE, "")
    path = Path(named) if named else folder / FILE_NAME
    if not named and not path.exists():
        return {}
    try:
        content = tomllib.loads(_read_text(path, CONFIG_VARIABLE if named else FILE_NAME))
    except (tomllib.TOMLDecodeError, RecursionError) as cause:
        raise SettingsError(f"{path}: {cause}.") from cause
    found: _Layer = {}
    for name, value in content.items():
        origin = f"{path.name} {name}"
        setting = _get_setting(name, origin)
        given = _grant_entries(value, origin) if name == "grants" and isinstance(value, dict) else value
        found[name] = (_beside(path.parent, setting, convert_value(setting, given, origin)), origin)
    return found


def _grant_entries(tables: dict[str, Any], origin: str) -> list[str]:
    """Give the entries that the tables `[grants.App]` stand for: lists of names by kind."""
    entries: list[str] = []
    for app, kinds in tables.items():
        for kind, names in kinds.items() if isinstance(kinds, dict) else [("", None)]:
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise SettingsError(
                    f"{origin}.{app}: expected lists of texts by kind, as host = ['https://api.example']."
                )
            entries += [f"{app}/{kind}={name}" for name in names]
    return entries


def _beside(folder: Path, setting: Setting, value: Any) -> Any:
    """Read a relative folder of a settings file from where the file lies."""
    if isinstance(value, Path):
        return folder / value
    if setting.name == "packages" and not is_address(value):
        return str(folder / value)
    if get_origin(setting.type) is tuple and get_args(setting.type)[0] is Path:
        return tuple(folder / part for part in value)
    return value


def _get_setting(name: str, origin: str) -> Setting:
    if (setting := SETTINGS.get(name)) is None:
        raise _unknown("setting", name, SETTINGS, origin)
    return setting


def _unknown(what: str, name: str, known: Iterable[str], origin: str = "") -> SettingsError:
    nearest = fuzzy.extractOne(name, list(known), score_cutoff=60)
    help_text = f"Did you mean {nearest[0]}?" if nearest else "The settings reference lists every one."
    prefix = f"{origin}: " if origin else ""
    return SettingsError(f"{prefix}There is no {what} {name}. {help_text}", help=help_text)
