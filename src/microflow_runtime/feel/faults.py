"""What can be wrong with a formula before it runs, and how a running one stops."""

from collections.abc import Sequence
from typing import ClassVar, Final

import msgspec

from microflow_runtime.errors import Fault, FeelError, MicroflowError, Place

SYNTAX: Final = "MF-F001"
UNKNOWN_NAME: Final = "MF-F002"
UNKNOWN_FIELD: Final = "MF-F003"
WRONG_OPERAND: Final = "MF-F004"
WRONG_ARGUMENT: Final = "MF-F005"
UNKNOWN_FUNCTION: Final = "MF-F006"
NOT_BOOLEAN: Final = "MF-F007"
NOT_A_LIST: Final = "MF-F008"
NEVER_TRUE: Final = "MF-F009"
WRONG_RESULT: Final = "MF-F010"
MAYBE_MISSING: Final = "MF-F011"
VENDOR_SPELLING: Final = "MF-F012"
WRONG_LITERAL: Final = "MF-F013"
PATTERN: Final = "MF-F014"
EXTERNAL_FUNCTION: Final = "MF-F015"
DUPLICATE: Final = "MF-F016"
TOO_LARGE: Final = "MF-F017"
UNKNOWN_TYPE: Final = "MF-F018"


class FormulaFault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong in a formula. `start` and `end` are offsets in its text, counted in characters.

    `replacement` is the text to put between them where that alone mends the fault.
    """

    code: str
    message: str
    start: int
    end: int
    expected: str = ""
    found: str = ""
    help: str = ""
    replacement: str | None = None
    is_error: bool = True

    def as_fault(self, place: Place | None = None, source_line: str = "") -> Fault:
        """Give the record that terminal and logs read; `place` is where the formula's part stands in its file."""
        return Fault(
            code=self.code,
            message=self.message,
            place=place,
            source_line=source_line,
            expected=self.expected,
            found=self.found,
            help=self.help,
            replacement=self.replacement,
            is_error=self.is_error,
        )


class FormulaFaults(MicroflowError):
    """A formula does not parse or does not fit the types of its names. `faults` holds every one found."""

    code: ClassVar[str] = "MF-F000"
    status = 409

    def __init__(self, text: str, faults: Sequence[FormulaFault]) -> None:
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{first.message}{more}", help=first.help)
        self.text = text
        self.faults = tuple(faults)


class FeelLimitError(FeelError):
    """A formula took more time, turns, depth or memory than it may. `is_deadline` tells the time from the rest."""

    code = "MF-F101"

    def __init__(
        self, message: str, *, text: str = "", start: int = 0, end: int = 0, is_deadline: bool = False
    ) -> None:
        super().__init__(message, text=text, start=start, end=end)
        self.is_deadline = is_deadline


class Failure(Exception):
    """An operation cannot give a value for its operands. The sentence names their types.

    Raised inside the room only; strict evaluation makes a `FeelError` of it, lenient evaluation a recorded null.
    """


class LimitFailure(Exception):
    """A limit was passed inside an operation; no evaluation turns it into null."""

    def __init__(self, message: str, *, is_deadline: bool = False) -> None:
        super().__init__(message)
        self.is_deadline = is_deadline
