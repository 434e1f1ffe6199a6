"""From what an environment variable or a TOML key holds to the value of a setting."""

import re
from collections.abc import Callable
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin
from urllib.parse import parse_qs, urlsplit

from microflow_runtime.errors import SettingsError
from microflow_runtime.settings.grant import read_entry
from microflow_runtime.settings.package_place import check_package_place
from microflow_runtime.settings.secret import Secret
from microflow_runtime.settings.table import Setting

CHOICES = {"log_level": ("debug", "info", "warning", "error"), "log_format": ("json", "console")}
_NAME_AND_VALUE = re.compile(r"[^={}/]+(/[^={}/]+)?=.*", re.DOTALL)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def convert_text(setting: Setting, text: str, origin: str) -> Any:
    """Read a value from text. Lists are separated by commas.

    Raises SettingsError when the text does not fit the setting's type, range or choices.
    """
    kind = _plain_type(setting)
    if get_origin(kind) is tuple:
        items = [part.strip() for part in text.split(",") if part.strip()]
        return _checked(setting, items, origin)
    try:
        return _checked(setting, _FROM_TEXT[kind](text), origin)
    except (ValueError, KeyError) as cause:
        raise _misfit(setting, origin, "" if setting.is_secret else text) from cause


def convert_value(setting: Setting, value: Any, origin: str) -> Any:
    """Take a typed value, as TOML or the command line gives it.

    Raises SettingsError when it does not fit the setting's type, range or choices.
    """
    return _checked(setting, value, origin)


def _plain_type(setting: Setting) -> Any:
    kind = setting.type
    if isinstance(kind, UnionType):
        return next(part for part in get_args(kind) if part is not type(None))
    return kind


def _checked(setting: Setting, value: Any, origin: str) -> Any:
    kind = _plain_type(setting)
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        if not isinstance(value, list | tuple) or not all(isinstance(part, str | Path) for part in value):
            raise _misfit(setting, origin, value)
        if setting.name == "variables" and not all(_NAME_AND_VALUE.fullmatch(str(part)) for part in value):
            raise SettingsError(f"{origin}: expected texts as name=value or App/name=value.")
        if setting.name == "grants":
            for part in value:
                read_entry(str(part), origin)
        return tuple(item(part) for part in value)
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    if kind is Secret and isinstance(value, str) and value:
        return Secret(value)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind and not (kind is Path and isinstance(value, Path)):
        raise _misfit(setting, origin, value)
    _check_range(setting, value, origin)
    if setting.name == "packages":
        return check_package_place(value, origin)
    check = _CHECKS.get(setting.name)
    return value if check is None else check(value, origin)


def _check_range(setting: Setting, value: Any, origin: str) -> None:
    if (setting.at_least is not None and not value >= setting.at_least) or (
        setting.at_most is not None and not value <= setting.at_most
    ):
        raise _misfit(setting, origin, value)
    choices = CHOICES.get(setting.name)
    if choices and value not in choices:
        raise SettingsError(f"{origin}: expected one of {', '.join(choices)}, found {value!r}.")


def _normal_root(root: str, origin: str) -> str:
    trimmed = "/" + root.strip("/")
    parts = trimmed[1:].split("/") if trimmed != "/" else []
    if not all(part.isascii() and part.replace("-", "").replace("_", "").isalnum() for part in parts):
        raise SettingsError(f"{origin}: expected a path of letters, digits, - and _ as /oneweb, found {root!r}.")
    return trimmed


def _checked_store(store: str, origin: str) -> str:
    """Give the address of the store as it is. One with a password is not shown, not even in the error."""
    if store == "sqlite":
        return store
    try:
        parts = urlsplit(store)
        has_password = parts.password is not None or "password" in parse_qs(parts.query, keep_blank_values=True)
        fits = parts.scheme == "postgresql" and len(parts.path) > 1 and parts.port != 0
    except ValueError as cause:
        raise SettingsError(f"{origin}: expected sqlite or postgresql://user@host:port/database.") from cause
    if has_password:
        raise SettingsError(
            f"{origin}: the address of the store must not hold its password; "
            f"give it as store_password, best by a file: MICROFLOW_STORE_PASSWORD_FILE."
        )
    if not fits:
        raise SettingsError(f"{origin}: expected sqlite or postgresql://user@host:port/database, found {store!r}.")
    return store


def _misfit(setting: Setting, origin: str, found: Any) -> SettingsError:
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (("at least", setting.at_least), ("at most", setting.at_most))
        if bound is not None
    ]
    wanted = " ".join([type_name(setting), *bounds])
    shown = "another kind of value" if setting.is_secret else repr(found)
    return SettingsError(f"{origin}: expected {wanted}, found {shown}.")


def type_name(setting: Setting) -> str:
    """Name the type of a setting in the words of the reference."""
    kind = _plain_type(setting)
    if get_origin(kind) is tuple:
        return "list of " + ("folders" if get_args(kind)[0] is Path else "texts")
    return _NAMES[kind]


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")) or number != number:  # noqa: PLR0124 - a NaN is not itself
        raise ValueError(text)
    return number


_FROM_TEXT: dict[Any, Callable[[str], Any]] = {
    bool: lambda text: _TRUTH[text.strip().lower()],
    int: int,
    float: _finite,
    str: str,
    Path: str,
    Secret: str,
}
_CHECKS: dict[str, Callable[[str, str], str]] = {"context_root": _normal_root, "store": _checked_store}
"""Settings with a form of their own, and what reads it."""
_NAMES: dict[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "folder",
    Secret: "secret",
}
