"""Collects everything that is wrong in one file, each fault with its place and the line it stands on."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from rapidfuzz import fuzz, process

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.errors import Fault, Place

KeyPath = tuple[str | int, ...]

MAX_FAULTS: Final = 200


class Findings:
    """The faults of one file, in the order they are found; after 200 the rest is left out.

    `place_of` gives the place of a value, `place_of_key` that of its key, `line_text` the text of a line: they are called
    only when a fault is added, because finding positions means reading the file again.
    """

    def __init__(
        self,
        place_of: Callable[[KeyPath], Place],
        place_of_key: Callable[[KeyPath], Place],
        line_text: Callable[[int], str],
    ) -> None:
        self._place_of = place_of
        self._place_of_key = place_of_key
        self._line_text = line_text
        self.faults: list[Fault] = []

    def add(
        self,
        code: str,
        message: str,
        path: KeyPath,
        *,
        at_key: bool = False,
        expected: str = "",
        found: str = "",
        help: str = "",  # noqa: A002 - the word a reader expects
        replacement: str | None = None,
        declared: KeyPath | None = None,
    ) -> None:
        """Add a fault at the value of `path`, or at its key; `declared` is the path of the key it conflicts with."""
        if len(self.faults) >= MAX_FAULTS:
            return
        place = self._place_of_key(path) if at_key else self._place_of(path)
        self.faults.append(
            Fault(
                code=code,
                message=message,
                place=place,
                source_line=self._line_text(place.line),
                expected=expected,
                found=found,
                help=help,
                replacement=replacement,
                declared=None if declared is None else self._place_of_key(declared),
            )
        )

    def aside(self) -> "Findings":
        """Give an empty collector for the same file, for a look whose faults are told elsewhere."""
        return Findings(self._place_of, self._place_of_key, self._line_text)

    def wrong_kind(self, path: KeyPath, expected: str, value: Any, *, help: str = "") -> None:  # noqa: A002
        """Add the fault that `value` is not of the kind `expected`."""
        found = described(value)
        message = f"{key_words(path)} takes {expected}, not {found}"
        self.add(fault_codes.WRONG_KIND, message, path, expected=expected, found=found, help=help)

    def unknown_key(self, path: KeyPath, known: Iterable[str]) -> None:
        """Add the fault that the last key of `path` is none of `known`."""
        names = list(known)
        key = str(path[-1])
        near = nearest(key, names)
        self.add(
            fault_codes.UNKNOWN_KEY,
            f"{owner_words(path)} has no key `{shown(key)}`",
            path,
            at_key=True,
            expected=", ".join(names),
            found=shown(key),
            help=f"did you mean `{near}`?" if near else f"its keys are {', '.join(names)}",
            replacement=near,
        )

    def missing_key(self, path: KeyPath, key: str, example: str) -> None:
        """Add the fault that the mapping at `path` lacks `key`."""
        self.add(
            fault_codes.MISSING_KEY,
            f"{key_words(path)} needs the key `{key}`",
            path,
            at_key=True,
            expected=key,
            found="nothing",
            help=f"add `{key}: {example}`",
        )


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Give the one of `names` that `word` was most likely meant to be, or None when none is near."""
    found = process.extractOne(word, list(names), scorer=fuzz.WRatio, processor=str.casefold, score_cutoff=70)
    return None if found is None else str(found[0])


def described(value: Any) -> str:
    """Say in a few words what a value of a file is."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return f"the number {shown(str(value))}"
        case str():
            return f'the text "{shown(value)}"'
        case list():
            return "a list"
        case _:
            return "a mapping"


def shown(text: str) -> str:
    """Shorten a text to what fits a sentence, and escape what does not print."""
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[:61])
    return printable if len(text) <= 60 else f"{printable[:57]}..."


def key_words(path: KeyPath) -> str:
    """Name the value at `path` in a sentence, by the keys that lead to it."""
    return f"`{_dotted(path)}`" if path else "The file"


def owner_words(path: KeyPath) -> str:
    """Name the mapping that holds the last key of `path`."""
    return key_words(path[:-1])


def _dotted(path: KeyPath) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{shown(part)}" if text else shown(part)
    return text
