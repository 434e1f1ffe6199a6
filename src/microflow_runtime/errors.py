"""The error tree. Everything that can go wrong has one class here, a stable code and an HTTP status.

MicroflowError
├── Refusal                      the caller is not let in, or sent no request at all; the HTTP status says it
│   ├── BadRequest               400  MF-R400
│   ├── NotAuthenticated         401  MF-R401
│   ├── NotPermitted             403  MF-R403
│   ├── NotFound                 404  MF-R404
│   ├── MethodNotAllowed         405  MF-R405
│   ├── Conflict                 409  MF-R409
│   ├── TooLarge                 413  MF-R413
│   ├── UrlTooLong               414  MF-R414
│   ├── UnsupportedMediaType     415  MF-R415
│   ├── TooManyRequests          429  MF-R429
│   ├── HeadersTooLarge          431  MF-R431
│   └── NotAvailable             503  MF-R503
├── ExecutionError               a call that was let in and failed; HTTP 200 and ERROR (WIRE.md)
│   ├── AmbiguousFlow            MF-E001
│   ├── InputError               MF-E002
│   ├── OutputError              MF-E003
│   ├── NodeError                MF-E010  caught by a Catch that names its kind
│   │   └── Thrown               MF-E010  of a throw node
│   ├── DeadlineExceeded         MF-E020
│   └── LimitExceeded            MF-E021
├── DefinitionFaults             definitions are wrong; carries every Fault found
├── SettingsError                MF-S001  a setting is unknown or wrong; the command line ends with 2
├── StoreError                   MF-S002  the store cannot be reached or refused a write
└── FeelError                    MF-F…    a formula failed while it was evaluated

A `Fault` is not an exception: it is the record of one thing wrong in a definition, with its place, what was expected,
what was found and how to mend it. Terminal, console, JSON and logs all read the same record.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec


class Place(msgspec.Struct, frozen=True):
    """A span of one line of a definition file. Lines and columns count from 1, columns in characters; `end_column` is exclusive."""

    file: str
    line: int
    column: int
    end_column: int


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong in a definition, told to a person.

    `code` is stable (`MF-D…` definitions, `MF-F…` formulas) and has a section in the errors reference. `message` is one
    sentence. `source_line` is the text of the line at `place`, for the caret. `help` says how to mend it.
    `declared` is where the thing that was misused is declared. `is_error` is False for a warning.
    """

    code: str
    message: str
    place: Place | None = None
    source_line: str = ""
    expected: str = ""
    found: str = ""
    help: str = ""
    declared: Place | None = None
    replacement: str | None = None
    is_error: bool = True

    def one_line(self) -> str:
        """Give `file:line:column: code message (help)`, for logs and for answers that have room for one line."""
        where = f"{self.place.file}:{self.place.line}:{self.place.column}: " if self.place else ""
        tail = f" ({self.help})" if self.help else ""
        return f"{where}{self.code} {self.message}{tail}"


class MicroflowError(Exception):
    """The root. `code` and `status` belong to the class; `message` is the sentence a caller may read.

    `kind` is the word by which a program tells errors apart, in a header of the answer and where a Catch names it.
    """

    code: ClassVar[str] = "MF-X000"
    status: ClassVar[int] = 500
    kind: str = "internal"

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002 - the word a reader expects
        super().__init__(message)
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return self.message


class Refusal(MicroflowError):
    """The caller is not let in, or what came is no request. `retry_after_seconds` becomes a header when set."""

    status = 400

    def __init__(self, message: str, *, help: str = "", retry_after_seconds: int | None = None) -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.retry_after_seconds = retry_after_seconds


class BadRequest(Refusal):
    """The body or a header is not what the operation takes."""

    code = "MF-R400"
    status = 400
    kind = "invalid_request"


class NotAuthenticated(Refusal):
    """There is no valid session and the operation is not open to anonymous callers."""

    code = "MF-R401"
    status = 401
    kind = "not_authenticated"


class NotPermitted(Refusal):
    """The session is valid and no role of its user grants the operation."""

    code = "MF-R403"
    status = 403
    kind = "not_permitted"


class NotFound(Refusal):
    """The flow, user, session or path does not exist for this caller."""

    code = "MF-R404"
    status = 404
    kind = "not_found"


class MethodNotAllowed(Refusal):
    """The path exists and does not take this HTTP method."""

    code = "MF-R405"
    status = 405
    kind = "method_not_allowed"


class Conflict(Refusal):
    """The operation does not fit the present state, as a refresh of broken definitions."""

    code = "MF-R409"
    status = 409
    kind = "conflict"


class TooLarge(Refusal):
    """The body is over the limit."""

    code = "MF-R413"
    status = 413
    kind = "too_large"


class UrlTooLong(Refusal):
    """The target of the request is over the limit."""

    code = "MF-R414"
    status = 414
    kind = "url_too_long"


class UnsupportedMediaType(Refusal):
    """The content type is not taken, or the body is compressed."""

    code = "MF-R415"
    status = 415
    kind = "unsupported_media_type"


class TooManyRequests(Refusal):
    """The caller's rate or number of concurrent calls is over its limit."""

    code = "MF-R429"
    status = 429
    kind = "too_many_requests"


class HeadersTooLarge(Refusal):
    """The head of the request, or what stands between and behind its chunks, is over the limit."""

    code = "MF-R431"
    status = 431
    kind = "headers_too_large"


class NotAvailable(Refusal):
    """The server does not serve now: it starts, drains, or is full."""

    code = "MF-R503"
    status = 503
    kind = "not_available"


class ExecutionError(MicroflowError):
    """A call that was let in and failed. `kind` is what a Catch names; a kind `a.b` is also caught by `a`."""

    status = 200
    kind = "error"

    @property
    def sentence(self) -> str:
        """What a caller and a Catch are told; the log and the trace have `message`, which may say more about the place."""
        return self.message


class AmbiguousFlow(ExecutionError):
    """Several flows match the request; the message names the applications the caller may choose from."""

    code = "MF-E001"
    kind = "resolution"


class InputError(ExecutionError):
    """An input Business Object does not fit its definition. The message names path, expected and found."""

    code = "MF-E002"
    kind = "input"


class OutputError(ExecutionError):
    """What the flow wrote into an output does not fit its Business Object, or the reply is over its limit."""

    code = "MF-E003"
    kind = "output"


class NodeError(ExecutionError):
    """A node failed. `data` is what a Catch's mapping may read beside kind and message.

    `retryable` tells that the same may go well the next time, `retry_after_seconds` not before when.
    """

    code = "MF-E010"

    def __init__(
        self,
        message: str,
        *,
        kind: str = "node",
        data: dict[str, Any] | None = None,
        retryable: bool = False,
        retry_after_seconds: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.data = data or {}
        self.trace = ""
        """Where in code of others it came from, for the log alone."""
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds


class Thrown(NodeError):
    """A throw node ended the flow. What is told is the author's sentence alone, however far the error goes."""

    def __init__(self, sentence: str, *, kind: str) -> None:
        super().__init__(sentence, kind=kind)
        self._sentence = sentence

    @property
    def sentence(self) -> str:
        """The author's sentence, without flow and node."""
        return self._sentence


class DeadlineExceeded(ExecutionError):
    """The time limit of the execution, of a node or of the caller has passed."""

    code = "MF-E020"
    kind = "timeout"


class LimitExceeded(ExecutionError):
    """Steps, depth, rows, turns or bytes are over a limit. The message names the limit and the size."""

    code = "MF-E021"
    kind = "limit"


class DefinitionFaults(MicroflowError):
    """Definitions are wrong. Nothing was changed. `faults` holds every one of them."""

    code = "MF-D000"
    status = 409
    kind = "definition"

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0].one_line() if faults else ""
        count = f"{len(faults)} fault" + ("s" if len(faults) != 1 else "")
        super().__init__(f"{count} in the definitions; the first: {first}")
        self.faults = tuple(faults)


class SettingsError(MicroflowError):
    """A setting is unknown or its value is wrong."""

    code = "MF-S001"
    status = 500


class StoreError(MicroflowError):
    """The store cannot be reached, is full, or refused a write."""

    code = "MF-S002"
    status = 503
    kind = "not_available"


class FeelError(MicroflowError):
    """A formula failed while it was evaluated, under strict evaluation.

    `text` is the whole formula; `start` and `end` are offsets of the failing part in it, counted in characters.
    """

    code = "MF-F100"
    status = 200
    kind = "formula"

    def __init__(self, message: str, *, text: str = "", start: int = 0, end: int = 0) -> None:
        super().__init__(message)
        self.text = text
        self.start = start
        self.end = end
        self.is_masked = False
        """Whether it has been looked at what the sentence tells of sensitive values."""

    @property
    def where(self) -> str:
        """Where the failing part begins: `line 1, column 5`, counted from the formula's first character that is no blank."""
        shown = self.text.lstrip()
        start = max(self.start - (len(self.text) - len(shown)), 0)
        line_start = shown.rfind("\n", 0, start) + 1
        return f"line {shown.count(chr(10), 0, start) + 1}, column {start - line_start + 1}"
