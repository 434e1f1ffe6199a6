"""From YAML text to plain values, or to the marks that tell where each of them stands. Tags, anchors and aliases are refused."""

from typing import Any, Final, Protocol

import msgspec
import yaml

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.core_schema import AmbiguousNumber, resolve
from microflow_runtime.compiler.reading.findings import KeyPath, shown
from microflow_runtime.compiler.reading.offsets import Mark

MAX_DEPTH: Final = 50

_Parser: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Marks(msgspec.Struct, frozen=True):
    """The marks of a file: of each value, and of each key, by the path of keys and list positions that leads to it."""

    values: dict[KeyPath, Mark]
    keys: dict[KeyPath, Mark]


class Report(Protocol):
    """Takes one fault at the span `start:end` of the text."""

    def __call__(self, code: str, message: str, start: int, end: int, help: str = "") -> None:  # noqa: A002
        """Take the fault."""


class Unreadable(Exception):
    """The text cannot be read to its end; the reason has been reported."""


def compose(text: str, report: Report, marks: Marks | None = None) -> Any:
    """Read the one mapping that `text` holds, and fill `marks` when they are wanted.

    Everything wrong goes to `report`. Raises Unreadable when there is no going on after it.
    """
    composer = _Composer(text, report, marks)
    try:
        return composer.document()
    except yaml.MarkedYAMLError as error:
        index = _index_of(error, text)
        report(fault_codes.NOT_YAML, _sentence(error), index, index + 1, _syntax_help(text, index, error))
        raise Unreadable from error
    except yaml.YAMLError as error:
        report(fault_codes.NOT_YAML, "The text cannot be read as YAML", 0, 1)
        raise Unreadable from error


class _Composer:
    """Walks the parser's events once. The parser is C, its nesting is bounded, and so is ours."""

    def __init__(self, text: str, report: Report, marks: Marks | None) -> None:
        self.parser = _Parser(text)
        self.report = report
        self.marks = marks

    def document(self) -> Any:
        next_event = self.parser.get_event
        next_event()  # the stream
        event = next_event()
        if isinstance(event, yaml.StreamEndEvent):
            self._stop(fault_codes.NOT_A_DEFINITION, "The file is empty", 0, 1)
        event = next_event()
        if not isinstance(event, yaml.MappingStartEvent):
            self._stop(fault_codes.NOT_A_DEFINITION, "The file is not a mapping of keys to values", *_span(event))
        data = self._value(event, (), 1)
        next_event()  # the document's end
        event = next_event()
        if not isinstance(event, yaml.StreamEndEvent):
            self._stop(
                fault_codes.NOT_A_DEFINITION,
                "The file holds a second document",
                *_span(event),
                "one definition stands in one file",
            )
        return data

    def _value(self, event: Any, path: KeyPath, depth: int) -> Any:
        kind = type(event)
        if kind is yaml.AliasEvent:
            self.report(
                fault_codes.YAML_FEATURE,
                "Aliases are not taken",
                *_span(event),
                "write the value out, or put the text in quotes",
            )
            return None
        if event.anchor is not None or event.tag is not None:
            what = "Anchors" if event.anchor is not None else "Tags"
            self.report(
                fault_codes.YAML_FEATURE,
                f"{what} are not taken",
                *_span(event),
                "put a text that begins with `!` or `&` in quotes",
            )
        if kind is yaml.ScalarEvent:
            value = event.value
            if self.marks is not None:
                self.marks.values[path] = Mark(event.start_mark.index, event.end_mark.index, event.style or None)
            return value if event.style else self._plain(event)
        if depth > MAX_DEPTH:
            self._stop(fault_codes.TOO_LARGE, f"The file is nested deeper than {MAX_DEPTH} levels", *_span(event))
        if self.marks is not None:
            self.marks.values[path] = Mark(event.start_mark.index, event.end_mark.index)
        return self._mapping(path, depth) if kind is yaml.MappingStartEvent else self._list(path, depth)

    def _plain(self, event: Any) -> Any:
        try:
            return resolve(event.value)
        except AmbiguousNumber as error:
            self.report(
                fault_codes.AMBIGUOUS_NUMBER,
                str(error),
                *_span(event),
                f'write "{shown(event.value)}" in quotes if it is a text',
            )
            return event.value

    def _list(self, path: KeyPath, depth: int) -> list[Any]:
        next_event = self.parser.get_event
        items: list[Any] = []
        event = next_event()
        while type(event) is not yaml.SequenceEndEvent:
            items.append(self._value(event, (*path, len(items)), depth + 1))
            event = next_event()
        return items

    def _mapping(self, path: KeyPath, depth: int) -> dict[str, Any]:
        next_event = self.parser.get_event
        entries: dict[str, Any] = {}
        event = next_event()
        while type(event) is not yaml.MappingEndEvent:
            if type(event) is not yaml.ScalarEvent or event.tag is not None or event.anchor is not None:
                self._stop(fault_codes.YAML_FEATURE, "A key is a plain text", *_span(event))
            key = event.value
            here = (*path, key)
            if key in entries:
                self.report(
                    fault_codes.DUPLICATE_KEY,
                    f"The key `{shown(key)}` stands twice here",
                    *_span(event),
                    "keep one of the two",
                )
            elif self.marks is not None:
                self.marks.keys[here] = Mark(event.start_mark.index, event.end_mark.index, event.style or None)
            value = self._value(next_event(), here, depth + 1)
            entries.setdefault(key, value)
            event = next_event()
        return entries

    def _stop(self, code: str, message: str, start: int, end: int, help: str = "") -> None:  # noqa: A002
        self.report(code, message, start, end, help)
        raise Unreadable(message)


def _span(event: Any) -> tuple[int, int]:
    return event.start_mark.index, max(event.end_mark.index, event.start_mark.index + 1)


def _index_of(error: yaml.MarkedYAMLError, text: str) -> int:
    """Give the index of what is wrong; when the text ends too early, that of what was not closed."""
    mark = error.problem_mark or error.context_mark
    index = mark.index if mark else 0
    if index >= len(text.rstrip()) and error.context_mark:
        index = error.context_mark.index
    return min(index, len(text))


def _sentence(error: yaml.MarkedYAMLError) -> str:
    problem = (error.problem or "this is not YAML").strip()
    context = f" {error.context}" if error.context else ""
    return f"The text is not YAML: {problem}{context}"


def _syntax_help(text: str, index: int, error: yaml.MarkedYAMLError) -> str:
    """Guess from the line and the parser's words what the author ran into."""
    line_start = text.rfind("\n", 0, index) + 1
    line_end = text.find("\n", index)
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    problem = error.problem or ""
    if "]?" in line:
        return 'a list that may be missing is written in quotes: "[X]?"'
    if "\t" in line[: len(line) - len(line.lstrip())] or "tab" in problem:
        return "indent with spaces, not with tabs"
    if "mapping values are not allowed" in problem or "mapping keys are not allowed" in problem:
        return "a value that holds `: ` stands in quotes"
    if "cannot start any token" in problem:
        return "a value that begins with this character stands in quotes"
    return ""
