"""The prompt of `microflow feel`: reads formulas line by line, with a history that is kept and completion of names."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import typer
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from microflow_runtime.feel.functions.table import BUILT_INS

EXPLAIN: Final = ":explain"
QUIT: Final = ":quit"
_HELP: Final = f"A formula gives its value, `{EXPLAIN} FORMULA` that of each part; `{QUIT}` or Ctrl-D ends."
_PATH: Final = re.compile(r"((?:[^\W\d]\w*\s*\.\s*)+)(\w*)$")
_WORD_START: Final = re.compile(r"(?<!\w)(?=[^\W\d])")
_LONGEST_NAME: Final = max(map(len, BUILT_INS))

Evaluate = Callable[[str, bool], Any]
"""Takes a formula and whether to explain it, and prints what comes of it."""


class Candidate(msgspec.Struct, frozen=True):
    """A name that may stand where one was begun: `length` characters of it are there. `about` says what it is."""

    name: str
    length: int
    about: str


def ask(values: Mapping[str, Any], evaluate: Evaluate, session: "PromptSession[str] | None" = None) -> None:
    """Read formulas until the end of input, and hand each to `evaluate`."""
    session = session or PromptSession(history=open_history(), completer=NameCompleter(values))
    typer.echo(_HELP, err=True)
    while True:
        try:
            line = session.prompt("feel> ").strip()
            if line == QUIT:
                return
            command, _, rest = line.partition(" ")
            if command == EXPLAIN:
                evaluate(rest.strip(), True)
            elif line:
                evaluate(line, False)
        except KeyboardInterrupt:
            continue  # gives up the line, as shells do
        except EOFError:
            return


def history_file(environ: Mapping[str, str]) -> Path:
    """Give the file that keeps the lines: in `XDG_STATE_HOME`, or `~/.local/state`."""
    state = environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    return Path(state) / "microflow" / "feel_history"


def open_history() -> History:
    """Give the history of the file, which only its owner may read; one in memory when it cannot be written."""
    path = history_file(os.environ)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        typer.echo(f"microflow: no history is kept, {path}: {error.strerror}", err=True)
        return InMemoryHistory()
    return FileHistory(path)


def candidates(before: str, values: Mapping[str, Any]) -> Iterator[Candidate]:
    """Give the names that go on from the text before the cursor: fields behind a dot, else names and functions.

    A name of several words is found from its first word on: `round h` goes on to `round half up`.
    """
    path = _PATH.search(before)
    if path:
        names = [name.strip() for name in path[1].split(".")[:-1]]
        fields = _fields(values, names)
        yield from (_named(name, value, len(path[2])) for name, value in fields.items() if _begins(name, path[2]))
        return
    tail = before[-_LONGEST_NAME:]
    seen: set[str] = set()
    for match in _WORD_START.finditer(tail):
        begun = tail[match.start() :]
        for name, value in values.items():
            if _begins(name, begun) and name not in seen:
                seen.add(name)
                yield _named(name, value, len(begun))
        for function in BUILT_INS.values():
            if _begins(function.name, begun) and function.name not in seen:
                seen.add(function.name)
                yield Candidate(f"{function.name}(", len(begun), function.summary)


def _begins(name: str, begun: str) -> bool:
    return name != begun and name.lower().startswith(begun.lower())


def _named(name: str, value: Any, length: int) -> Candidate:
    return Candidate(name, length, _KINDS.get(type(value), "number"))


_KINDS: Final[Mapping[type, str]] = {
    dict: "context",
    list: "list",
    str: "string",
    bool: "boolean",
    type(None): "null",
}


def _fields(values: Mapping[str, Any], path: Iterable[str]) -> Mapping[str, Any]:
    """Give the fields of what a path leads to; of a list, those of its first item."""
    found: Any = values
    for name in path:
        found = found.get(name)
        if isinstance(found, list):
            found = found[0] if found else None
        if not isinstance(found, dict):
            return {}
    fields: Mapping[str, Any] = found
    return fields


class NameCompleter(Completer):
    """Completes the names of the values and the built-in functions."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002 - the library's signature
        """Give what may stand before the cursor."""
        for found in candidates(document.text_before_cursor, self._values):
            yield Completion(found.name, -found.length, display_meta=found.about)
