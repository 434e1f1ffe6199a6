"""The settings of the server: one frozen record, with the origin of each value.

Others use: `Settings`, `load_settings`, `Secret` for every text that must not be shown, `Secrets` to find one by the name that
a definition refers to, and the rows of `SETTINGS` where they name or print settings.
"""

from microflow_runtime.settings.load import load_settings
from microflow_runtime.settings.record import Settings
from microflow_runtime.settings.secret import Secret
from microflow_runtime.settings.secrets import Secrets
from microflow_runtime.settings.table import SETTINGS, Setting

__all__ = ["SETTINGS", "Secret", "Secrets", "Setting", "Settings", "load_settings"]
