"""Renders faults for people: in full with the line and a caret, or one line each. `RENDERERS` is the table of all outputs."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from microflow_runtime.cli import fault_formats
from microflow_runtime.cli.fault_formats import escaped
from microflow_runtime.errors import Fault, Place

ERRORS_PAGE: Final = "docs/reference/errors.md"
TAB_WIDTH: Final = 4
MAX_LINE_WIDTH: Final = 160

_RED, _YELLOW, _BLUE, _GREEN, _BOLD = "31", "33", "34", "32", "1"

Renderer = Callable[[Sequence[Fault]], str]


def render(faults: Sequence[Fault], output: str = "full", *, color: bool = False) -> str:
    """Give the text of faults in one of the outputs of `RENDERERS`, ending with a newline when it is not empty.

    `color` is honoured by `full` and `concise`. Raises KeyError for an unknown output.
    """
    text = RENDERERS[output](faults)
    return text if color else _without_color(text)


def color_wanted(environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Say whether output may be coloured: on a terminal, unless NO_COLOR holds something or TERM is `dumb`."""
    return is_terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def full(faults: Sequence[Fault]) -> str:
    """Give each fault as a paragraph, and how many there were."""
    return "".join(f"{_paragraph(fault)}\n" for fault in faults) + f"{_summary(faults)}\n"


def concise(faults: Sequence[Fault]) -> str:
    """Give each fault as one line that editors and grep understand."""
    return "".join(f"{escaped(fault.one_line())}\n" for fault in faults)


def _paragraph(fault: Fault) -> str:
    hue = _RED if fault.is_error else _YELLOW
    kind = "" if fault.is_error else "warning: "
    lines = [f"{_paint(fault.code, _BOLD, hue)} {_paint(kind + escaped(fault.message), _BOLD)}"]
    gutter = " " * (len(str(fault.place.line)) if fault.place else 1)
    if fault.place:
        lines.append(f"{gutter}{_paint('-->', _BLUE)} {_where(fault.place)}")
        if fault.source_line.strip():
            source, indent, width = _caret(fault.source_line, fault.place)
            lines += [
                f"{gutter} {_paint('|', _BLUE)}",
                f"{_paint(str(fault.place.line), _BLUE)} {_paint('|', _BLUE)} {source}",
                f"{gutter} {_paint('|', _BLUE)} {' ' * indent}{_paint('^' * width, _BOLD, hue)}",
            ]
    notes = (
        ("expected", escaped(fault.expected)),
        ("found", escaped(fault.found)),
        ("declared at", _where(fault.declared) if fault.declared else ""),
        ("help", escaped(fault.help)),
        ("see", f"{ERRORS_PAGE}#{fault.code.lower()}"),
    )
    colors = {"help": _GREEN}
    lines += [
        f"{gutter} {_paint('=', _BLUE)} {_paint(name, _BOLD, colors.get(name, _BOLD))}: {text}"
        for name, text in notes
        if text
    ]
    return "\n".join(lines) + "\n"


def _summary(faults: Sequence[Fault]) -> str:
    errors = sum(fault.is_error for fault in faults)
    warnings = len(faults) - errors
    if not faults:
        return "No faults."
    parts = [_counted(errors, "fault")] if errors else []
    parts += [_counted(warnings, "warning")] if warnings else []
    return f"{' and '.join(parts)}."


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" + ("s" if count != 1 else "")


def _where(place: Place) -> str:
    return f"{escaped(place.file)}:{place.line}:{place.column}"


def _caret(source_line: str, place: Place) -> tuple[str, int, int]:
    """Give the line as it is shown, and where the caret stands under it: columns before it, columns it covers.

    Columns are those of a terminal: marks above and below letters (Thai vowels and tones) take none, wide letters two.
    A line too long to show is cut around the place, with `…` where something is left out.
    """
    start, end = place.column - 1, max(place.end_column - 1, place.column)
    before, marked, after = (_shown(part) for part in (source_line[:start], source_line[start:end], source_line[end:]))
    if _width(before) > MAX_LINE_WIDTH // 2:
        before = "…" + before[-(MAX_LINE_WIDTH // 2) :]
    if _width(marked) > MAX_LINE_WIDTH:
        marked = marked[: MAX_LINE_WIDTH - 1] + "…"
    if _width(before + marked + after) > MAX_LINE_WIDTH:
        after = after[: max(0, MAX_LINE_WIDTH - _width(before + marked))] + "…"
    return before + marked + after, _width(before), max(1, _width(marked))


def _shown(text: str) -> str:
    return escaped(text.replace("\t", " " * TAB_WIDTH))


def _width(text: str) -> int:
    """Count the columns of a terminal that a text takes."""
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _paint(text: str, *styles: str) -> str:
    return f"\x1b[{';'.join(dict.fromkeys(styles))}m{text}\x1b[0m"


def _without_color(text: str) -> str:
    """Take out what `_paint` put in. Nothing else can be there: every text of a fault is escaped first."""
    parts = text.split("\x1b[")
    return parts[0] + "".join(part.partition("m")[2] for part in parts[1:])


RENDERERS: Final[dict[str, Renderer]] = {
    "full": full,
    "concise": concise,
    "json": fault_formats.as_json,
    "github": fault_formats.as_github,
    "sarif": fault_formats.as_sarif,
    "junit": fault_formats.as_junit,
}
