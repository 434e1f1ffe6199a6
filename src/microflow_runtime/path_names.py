"""Names that become parts of paths: one place says which can, for apps, flows, files, snapshots, data sources and all else.

What stands in a path is a file on a disk, an object in a bucket or a place of the web. A name that leads elsewhere, that
two file systems read differently, or that looks like another one, is refused where it is read, and once more where a path
is put together: what was kept by an older version of this software was not asked then.
"""

import unicodedata
from collections.abc import Callable
from typing import Final

from microflow_runtime.errors import SettingsError

MOST_BYTES: Final = 255
"""So long may one part of a path be on every file system there is."""
_SHOWN: Final = 60
JOINERS: Final = "\u200c\u200d"
"""They do not print, and shape the words of several scripts."""


def wrong_with(name: str, *, most_bytes: int | None = MOST_BYTES) -> str:
    """Say why a name of ours cannot be a part of a path, as `it is empty`; `""` when it can.

    `most_bytes` is None for a name that is never a part by itself.
    """
    return wrong_outside(name, most_bytes=most_bytes) or next((told for told, is_so in _OURS if is_so(name)), "")


def wrong_outside(name: str, *, most_bytes: int | None = MOST_BYTES) -> str:
    """Say why a name that others gave to a file cannot be a part of a path; `""` when it can.

    Others may compose letters as they like, and begin with a dot; what leads out of a folder, or is no name anywhere, is
    refused all the same.
    """
    found = next((told for told, is_so in _NOWHERE if is_so(name)), "")
    if not found and most_bytes is not None and len(name.encode()) > most_bytes:
        return f"it has more than {most_bytes} bytes"
    return found


def part_of_path(name: str, what: str) -> str:
    """Give a name that is about to become a part of a path. Raises SettingsError, which names `what` it is, when it cannot."""
    if reason := wrong_with(name):
        shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in name[:_SHOWN])
        raise SettingsError(f'The name of {what}, "{shown}", cannot be a part of a path: {reason}.')
    return name


def composed(name: str) -> str:
    """Give a name as NFC composes its letters."""
    return unicodedata.normalize("NFC", name)


def _is_control(letter: str) -> bool:
    return letter < " " or "\x7f" <= letter < "\xa0"


def _is_unseen(name: str) -> bool:
    """Whether a letter does not print: spaces but the common one, signs that turn the direction, private ones."""
    return any(not letter.isprintable() and letter not in JOINERS for letter in name)


def _joins_nothing(name: str) -> bool:
    """Whether a joiner stands where no script has one: at an end, or beside a letter of ASCII."""
    return any(
        letter in JOINERS and (before <= "\x7f" or after <= "\x7f")
        for before, letter, after in zip(f" {name}", name, f"{name[1:]} ", strict=False)
    )


_Rule = tuple[str, Callable[[str], bool]]
_NOWHERE: Final[tuple[_Rule, ...]] = (
    ("it is empty", lambda name: not name),
    ("`.` and `..` stand for folders", lambda name: name in {".", ".."}),
    ("it holds `/`", lambda name: "/" in name),
    ("it holds `\\`", lambda name: "\\" in name),
    ("it holds a control character", lambda name: any(map(_is_control, name))),
    ("it holds half a character", lambda name: any("\ud800" <= letter <= "\udfff" for letter in name)),
)
"""What no name of a file can be."""
_OURS: Final[tuple[_Rule, ...]] = (
    ("it begins or ends with a space", lambda name: name != name.strip()),
    ("it begins or ends with a dot", lambda name: name.startswith(".") or name.endswith(".")),
    ("it holds a character that does not print", _is_unseen),
    ("it holds a joiner that joins nothing", _joins_nothing),
    ("its letters are not composed (NFC)", lambda name: not unicodedata.is_normalized("NFC", name)),
)
"""What a name of ours is not, either: two that look the same would be two, or one on another file system."""
