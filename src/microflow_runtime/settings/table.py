"""The settings as rows, read off the record: what the loader checks names against and the reference page prints."""

from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from microflow_runtime.settings.record import Settings
from microflow_runtime.settings.secret import Secret

PREFIX = "MICROFLOW_"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. `type` is the Python type without its annotation; `at_least` and `at_most` bound a number."""

    name: str
    type: Any
    unit: str
    default: Any
    doc: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def variable(self) -> str:
        """Give the environment variable of this setting."""
        return PREFIX + self.name.upper()

    @property
    def is_secret(self) -> bool:
        """Tell whether the value may also come from a file and is never shown."""
        return Secret in (self.type, *get_args(self.type))


def _read_rows() -> dict[str, Setting]:
    hints = get_type_hints(Settings, include_extras=True)
    rows: dict[str, Setting] = {}
    for field in msgspec.structs.fields(Settings):
        hint = hints[field.name]
        if get_origin(hint) is not Annotated:
            continue
        kind, meta = get_args(hint)
        rows[field.name] = Setting(
            name=field.name, type=kind, default=field.default, doc=meta.description or "", **(meta.extra or {})
        )
    return rows


SETTINGS: dict[str, Setting] = _read_rows()
"""Every setting by its name, in the order of the record."""
