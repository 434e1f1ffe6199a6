"""The operator's secrets by name: what definitions refer to and never hold.

A name is looked for in the environment, then among the files of one folder. `PROVIDERS` is the table of the places.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from microflow_runtime.errors import SettingsError
from microflow_runtime.settings.secret import Secret
from microflow_runtime.text import BrokenText, decode

SECRET_PREFIX: Final = "MICROFLOW_SECRET_"  # noqa: S105 - the name of variables, not a secret
"""What the environment variables of secrets begin with; the rest is the name in capitals, `.` and `-` as `_`."""
_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?", re.ASCII)
_MOST_BYTES: Final = 64 * 1024


class Secrets:
    """Finds secrets. Holds none itself: each is read anew, so that one that was replaced is used with the next connection."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        """Look in `environ` (that of the process when none is given), then for files in `folder`."""
        self.folder = folder
        self.environ = os.environ if environ is None else environ

    def get(self, name: str) -> Secret:
        """Give the secret of a name. Raises SettingsError, which names where it was looked for, when there is none."""
        if not is_secret_name(name):
            raise SettingsError(
                f"{name[:100]!r} cannot be the name of a secret: it takes letters, digits, `.`, `-` and `_`."
            )
        for provide in PROVIDERS:
            found = provide(self, name)
            if found is not None:
                return Secret(found)
        raise SettingsError(
            f'There is no secret "{name}": neither the variable {variable_of(name)} nor a file of this name in the '
            "folder of secrets gives one."
        )


def is_secret_name(name: str) -> bool:
    """Tell whether a text can be the name of a secret. No name reaches out of the folder of secrets."""
    return _NAME.fullmatch(name) is not None and ".." not in name


def variable_of(name: str) -> str:
    """Give the environment variable that a secret is looked for in."""
    return SECRET_PREFIX + re.sub(r"[.-]", "_", name).upper()


def _from_environment(secrets: Secrets, name: str) -> str | None:
    return secrets.environ.get(variable_of(name)) or None


def _from_file(secrets: Secrets, name: str) -> str | None:
    path = secrets.folder / name
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise SettingsError(f'The file of the secret "{name}" is larger than {_MOST_BYTES} bytes.')
        return decode(content).rstrip("\r\n") or None
    except FileNotFoundError:
        return None
    except (OSError, BrokenText) as error:
        raise SettingsError(f'The file of the secret "{name}" cannot be read as UTF-8 text.') from error


PROVIDERS: Final[tuple[Callable[[Secrets, str], str | None], ...]] = (_from_environment, _from_file)
"""Where secrets come from, tried in order; each gives the text, or None when it has no such secret."""
