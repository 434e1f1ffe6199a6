"""Matching, replacing and splitting by XPath patterns: over UTF-8 on RE2, over text where a pattern refers back."""

import re
from functools import lru_cache
from typing import Any, Final

import msgspec
import re2

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.patterns.backtracking import Backtracking
from microflow_runtime.feel.patterns.translate import FLAGS, Translation

_LONGEST: Final = 10_000
_MEMORY_BYTES: Final = 8 << 20
_REFERENCE: Final = re.compile(r"\\(.)|\$([0-9]+)|([\\$])", re.DOTALL)


class _Compiled(msgspec.Struct, frozen=True):
    """A pattern ready to run over UTF-8 or text; `empty` tells that it matches the empty text."""

    run: Any
    groups: int
    empty: bool
    over_text: bool

    def source(self, text: str) -> Any:
        """Give a text as the engine takes it."""
        return text if self.over_text else text.encode("utf-8", "replace")

    def joined(self, parts: list[Any]) -> str:
        """Put parts of sources together."""
        return "".join(parts) if self.over_text else b"".join(parts).decode("utf-8")


@lru_cache(maxsize=512)
def _compiled(pattern: str, flags: str) -> _Compiled:
    for flag in flags:
        if flag not in FLAGS:
            raise Failure(f"there is no flag {flag!r} for patterns; the flags are {', '.join(FLAGS)}")
    if len(pattern) > _LONGEST:
        raise Failure(f"a pattern has at most {_LONGEST:,} characters")
    if "q" in flags:
        text, groups, refers_back = re2.escape(pattern), 0, False
    else:
        translation = Translation(pattern, flags)
        text, groups = translation.run(), translation.groups
        refers_back = translation.refers_back
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    options.case_sensitive = "i" not in flags
    try:
        run = re2.compile(text.encode("utf-8"), options)
    except (re2.error, UnicodeEncodeError) as error:
        raise Failure(f"the pattern {pattern[:60]!r} cannot be read: {_reason(error)}") from error
    if refers_back:
        run = Backtracking(Translation(pattern, flags, goes_back=True).run(), ignores_case="i" in flags)
        return _Compiled(run, groups, run.search("") is not None, over_text=True)
    return _Compiled(run, groups, run.search(b"") is not None, over_text=False)


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return text.partition(":")[0] or "it is too large"


def check_pattern(pattern: str, flags: str | None = None) -> None:
    """Raise Failure when a pattern or its flags are wrong."""
    _compiled(pattern, flags or "")


def matches(text: str, pattern: str, flags: str | None = None) -> bool:
    """Tell whether a part of the text fits the pattern."""
    limits.check_time()
    compiled = _compiled(pattern, flags or "")
    return compiled.run.search(compiled.source(text)) is not None


def replace(text: str, pattern: str, replacement: str, flags: str | None = None) -> str:
    """Put a replacement for every part that fits; `$1` in it is the first group, `$0` the whole part."""
    compiled = _compiled(pattern, flags or "")
    if compiled.empty:
        raise Failure(f"the pattern {pattern[:60]!r} fits the empty text, so there is nothing to replace")
    parts = [replacement] if "q" in (flags or "") else _replacement(replacement, compiled.groups)
    pieces_of = [compiled.source(part) if isinstance(part, str) else part for part in parts]
    source, nothing = compiled.source(text), compiled.source("")
    found: list[Any] = []
    position = size = 0
    for turn, match in enumerate(compiled.run.finditer(source)):
        if turn % 256 == 255:
            limits.spend(256)
        pieces = [
            source[position : match.start()],
            *(match.group(part) or nothing if isinstance(part, int) else part for part in pieces_of),
        ]
        position = match.end()
        size += sum(map(len, pieces))
        if size > limits.MAXIMUM_TEXT:
            limits.spend_text(size)
        found += pieces
    found.append(source[position:])
    result = compiled.joined(found)
    limits.spend_text(len(result))
    return result


def _replacement(text: str, groups: int) -> list[str | int]:
    """Cut a replacement into texts and numbers of groups."""
    parts: list[str | int] = []
    position = 0
    for found in _REFERENCE.finditer(text):
        parts.append(text[position : found.start()])
        escaped, digits, alone = found.groups()
        if alone is not None or (escaped is not None and escaped not in "\\$"):
            raise Failure(
                "in a replacement `$` is followed by the number of a group; write `\\$` and `\\\\` for the characters themselves"
            )
        if escaped is not None:
            parts.append(escaped)
        else:
            parts.extend(_group(digits, groups))
        position = found.end()
    parts.append(text[position:])
    return [part for part in parts if part != ""]


def _group(digits: str, groups: int) -> list[str | int]:
    """Read as many digits as make the number of a group; a group that does not exist is empty."""
    size = len(digits)
    while size > 1 and int(digits[:size]) > groups:
        size -= 1
    number = int(digits[:size])
    rest = digits[size:]
    return [rest] if number > groups else [number, rest]


def split(text: str, pattern: str) -> list[str]:
    """Cut a text at every part that fits."""
    compiled = _compiled(pattern, "")
    if compiled.empty:
        raise Failure(f"the delimiter {pattern[:60]!r} fits the empty text, so it cuts nowhere")
    source = compiled.source(text)
    found: list[str] = []
    position = 0
    for match in compiled.run.finditer(source):
        found.append(compiled.joined([source[position : match.start()]]))
        position = match.end()
        if len(found) % 256 == 0:
            limits.spend(256)
            limits.spend_text(position - match.start())
    found.append(compiled.joined([source[position:]]))
    limits.spend_text(len(text))
    return found
