"""Names of files as flows give them, which may come from a caller: none leads out of its place."""

from typing import Final

from microflow_runtime.errors import NodeError
from microflow_runtime.path_names import wrong_outside

_MOST_CHARACTERS: Final = 1024
_MOST_PARTS: Final = 32
_SHOWN: Final = 120


def parts_of(name: str) -> tuple[str, ...]:
    """Give the folders and the file of a name. Raises NodeError of kind `file` when it cannot be the name of a file."""
    if reason := _wrong_with(name):
        raise failure(name, f"is no name of a file in this place: {reason}")
    return tuple(name.split("/"))


def _wrong_with(name: str) -> str:
    if not isinstance(name, str) or not name:
        return "it is empty"
    if len(name) > _MOST_CHARACTERS:
        return f"it has more than {_MOST_CHARACTERS} characters"
    if name.startswith("/"):
        return "it begins with `/`"
    parts = name.split("/")
    if len(parts) > _MOST_PARTS:
        return f"it has more than {_MOST_PARTS} parts"
    reason = next((found for part in parts if (found := wrong_outside(part))), "")
    return f"a part of it cannot be one: {reason}" if reason and len(parts) > 1 else reason


def shown(name: str) -> str:
    """Give a name as an error shows it: bounded, and printable."""
    text = name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def failure(name: str, sentence: str, *, kind: str = "file", retryable: bool = False) -> NodeError:
    """Give the error of one file; the sentence goes on behind its name."""
    data = {"file": shown(name)}
    return NodeError(f'the file "{shown(name)}" {sentence}.', kind=kind, data=data, retryable=retryable)


def missing(name: str) -> NodeError:
    """Give the error of a file that is not there."""
    return failure(name, "is not there", kind="file.missing")


def already_there(name: str) -> NodeError:
    """Give the error of a file that must not be there yet."""
    return failure(name, "is there already", kind="file.exists")


def too_large(name: str, most_bytes: int) -> NodeError:
    """Give the error of a file over the limit of its connection."""
    return failure(name, f"is larger than the {most_bytes} bytes that its connection allows")
