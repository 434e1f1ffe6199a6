"""How a value that does not fit its definition is told: the path to it, what was expected, what was found."""

from decimal import Decimal
from typing import Any, Final, Self

_SHOWN_CHARACTERS: Final = 60


class Misfit(Exception):
    """A value does not fit. The path grows from the inside out while the exception unwinds."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found
        self.path: tuple[str | int, ...] = ()

    def under(self, part: str | int) -> Self:
        """Put a field's name or a list's index (from 0) before the path."""
        self.path = (part, *self.path)
        return self

    def hide(self) -> Self:
        """Keep what was found out of the sentence, but for its kind: the field is sensitive."""
        self.found = hidden(self.found)
        return self

    def sentence(self) -> str:
        """Give `OrderBO.lines[2].count: expected integer, found text "7"`."""
        path = ""
        for part in self.path:
            path += f"[{part}]" if isinstance(part, int) else (f".{part}" if path else part)
        return (
            f"{path}: expected {self.expected}, found {self.found}"
            if path
            else f"expected {self.expected}, found {self.found}"
        )


MASK: Final = "***"
"""What stands in a sentence, a log or a trace in the place of what is sensitive."""


def hidden(found: str) -> str:
    """Give what `describe` says of a value without the value: `text ***`, `number ***`, `a list`."""
    if found in {"nothing", "an object"} or MASK in found:
        return found
    if found.startswith("a list"):
        return "a list"
    kind, space, _ = found.partition(" ")
    return f"{kind} {MASK}" if space and kind.isalpha() else MASK


class Notes:
    """What reading a value noticed without refusing it."""

    unknown_fields: int = 0


def describe(value: Any) -> str:
    """Say what a value is, shortened, for a sentence that a caller reads."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        shown = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
        return f'text "{shown}"'
    if isinstance(value, int | float | Decimal):
        shown = str(value) if not isinstance(value, int) or value.bit_length() < 256 else "with too many digits"
        return "number " + (shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "…")
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    return f"{type(value).__name__.lower()} {str(value)[:_SHOWN_CHARACTERS]}"
