"""Renders the reference page of the settings (docs/reference/settings.md) from the record."""

from pathlib import Path
from typing import Any

from microflow_runtime.settings.table import SETTINGS, Setting
from microflow_runtime.settings.values import CHOICES, type_name

_HEAD = """# Settings

Every setting has three places: a `MICROFLOW_…` environment variable, a key of `microflow.toml`, and a default. The
environment wins over the file, the file over the default; an option of the command line wins over all. A variable or
key that is not on this page is an error that names the nearest one, so a slip of the pen is never silently ignored.

- `microflow.toml` is looked for in the folder the command is started in; `MICROFLOW_CONFIG` names another file. Its keys
  are the names of this page, without sections. A relative folder in it is read from where the file lies.
- A list in a variable is separated by commas: `MICROFLOW_APPS=apps/Demo,apps/Tracking`.
- A secret may also come from a file: `MICROFLOW_ADMIN_PASSWORD_FILE=/run/secrets/admin`. Setting both is an error.
- An empty variable counts as absent. Sizes are bytes, durations seconds; both are plain numbers.

This page is written by `python -m microflow_runtime.settings.reference`.
"""


def render_reference() -> str:
    """Give the whole page as Markdown."""
    return _HEAD + "".join(_render(setting) for setting in SETTINGS.values())


def _render(setting: Setting) -> str:
    kind = type_name(setting)
    if choices := CHOICES.get(setting.name):
        kind = "one of " + ", ".join(f"`{choice}`" for choice in choices)
    elif setting.unit:
        kind += f" of {setting.unit}" if kind == "whole number" else f", {setting.unit}"
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (("at least", setting.at_least), ("at most", setting.at_most))
        if bound is not None
    ]
    return (
        f"\n## {setting.name}\n\n{setting.doc}\n\n"
        f"- Variable: `{setting.variable}`" + (f" or `{setting.variable}_FILE`" if setting.is_secret else "") + "\n"
        f"- Type: {', '.join([kind, *bounds])}\n"
        f"- Default: {_render_default(setting.default)}\n"
    )


def _render_default(default: Any) -> str:
    if default is None or default == ():
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, float):
        return f"`{default:g}`"
    return f"`{default.as_posix() if isinstance(default, Path) else default}`"


if __name__ == "__main__":
    Path("docs/reference/settings.md").write_text(render_reference(), encoding="utf-8")
