"""The shapes of the small words of a definition: names, types, durations, mapping targets, formulas and paths of files."""

import re
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.documents import formula_of
from microflow_runtime.compiler.reading.findings import Findings, KeyPath, key_words, shown
from microflow_runtime.compiler.reading.shapes import BAD, Schema
from microflow_runtime.model.type_ref import SIMPLE_TYPES, TypeRef
from microflow_runtime.path_names import MOST_BYTES, composed, wrong_with

MAX_NAME_LENGTH: Final = 200
RESERVED: Final = ("caller", "error")

_TYPE: Final = re.compile(r"(?P<list>\[\s*(?P<item>[^][?]+?)\s*\]|(?P<single>[^][?]+?))(?P<optional>\?)?")
_DURATION: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)", re.ASCII)
_UNIT_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIMPLE_BY_LETTERS: Final = {name.replace("-", ""): name for name in SIMPLE_TYPES}


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """A name in any script, with spaces inside; no control characters, none of `forbidden`, none of `reserved`.

    One that `is_filed` becomes part of a path, or of a name that things are kept under: see `path_names`. `most_bytes` is
    None where it is never a part of a path by itself.
    """

    forbidden: str = ""
    reserved: tuple[str, ...] = ()
    example: str = "Name"
    is_filed: bool = False
    most_bytes: int | None = None

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, str):
            findings.wrong_kind(
                path, "a name", value, help="" if isinstance(value, dict | list) else "put it in quotes"
            )
            return BAD
        return value if self._good(value, path, findings, at_key=False) else BAD

    def read_key(self, name: str, path: KeyPath, findings: Findings) -> bool:
        """Check a name that stands as a key."""
        return self._good(name, path, findings, at_key=True)

    def schema(self) -> Schema:
        """See Shape."""
        outside = re.escape(self.forbidden) + ("." if self.is_filed else "")
        inside = re.escape(self.forbidden)
        pattern = rf"^[^\s{outside}]([^\r\n\t{inside}]*[^\s{outside}])?$"
        return {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH, "pattern": pattern} | (
            {"not": {"enum": list(self.reserved)}} if self.reserved else {}
        )

    def _good(self, name: str, path: KeyPath, findings: Findings, *, at_key: bool) -> bool:
        reason = self._reason(name)
        if reason:
            message = f"`{shown(name)}` cannot be a name: {reason}"
            nfc = composed(name)
            mended = nfc if nfc != name and not self._reason(nfc) else None
            hint = "write it with composed letters (NFC)" if mended else ""
            findings.add(
                fault_codes.BAD_NAME,
                message,
                path,
                at_key=at_key,
                expected="a name",
                found=shown(name),
                help=hint,
                replacement=mended,
            )
        return not reason

    def _reason(self, name: str) -> str:
        if not name:
            return "it is empty"
        if name != name.strip():
            return "it begins or ends with a space"
        if len(name) > MAX_NAME_LENGTH:
            return f"it has more than {MAX_NAME_LENGTH} characters"
        if any(not character.isprintable() and not _joins(character) for character in name):
            return "it holds a character that does not print"
        if wrong := next((character for character in name if character in self.forbidden), None):
            return f"it holds `{wrong}`"
        if name in self.reserved:
            return "the word is reserved"
        return wrong_with(name, most_bytes=self.most_bytes) if self.is_filed else ""


FILED_NAME: Final = Name(forbidden="/\\", is_filed=True)
"""The name of a flow, and its id, which become parts of the name of a package or of a path of the web."""

FOLDER_NAME: Final = Name(forbidden="/\\", is_filed=True, most_bytes=MOST_BYTES)
"""The name of an app, which names the folders of what it keeps."""

SCOPE_NAME: Final = Name(forbidden=".", reserved=RESERVED)
"""The name of a parameter or variable: a dot would be the beginning of a path into it."""

FIELD_NAME: Final = Name(forbidden=".")
NODE_NAME: Final = Name()
OPTION_NAME: Final = Name(forbidden="/\\{}", is_filed=True, most_bytes=MOST_BYTES)
"""The name of a data source, connection, environment or variable: one part of `App/name` and of what is kept for it."""


class BusinessObjectName(msgspec.Struct, frozen=True):
    """The name of a Business Object: a name that no simple type has, whatever its capitals."""

    example: str = "RequestBO"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        name = _TYPE_NAME.read(value, path, findings)
        if name is not BAD and _simple_like(name):
            findings.add(
                fault_codes.BAD_NAME, f"`{name}` cannot be a name: it is a type of the language", path, found=name
            )
            return BAD
        return name

    def schema(self) -> Schema:
        """See Shape."""
        return _TYPE_NAME.schema()


_TYPE_NAME: Final = Name(forbidden="/\\[]?", is_filed=True)


class Type(msgspec.Struct, frozen=True):
    """`X`, `X?`, `[X]` or `"[X]?"`, where X is a simple type or a Business Object. Read as a TypeRef."""

    example: str = "string"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if isinstance(value, list):
            if len(value) != 1 or not isinstance(value[0], str) or "?" in value[0]:
                return _bad_type(path, "a list of", findings)
            return self._named(value[0], path, findings, is_list=True, is_optional=False)
        if not isinstance(value, str):
            findings.wrong_kind(path, "a type", value, help=_TYPE_HELP)
            return BAD
        match = _TYPE.fullmatch(value.strip())
        if match is None:
            return _bad_type(path, shown(value), findings)
        name = match["item"] or match["single"]
        return self._named(name, path, findings, is_list=bool(match["item"]), is_optional=bool(match["optional"]))

    def schema(self) -> Schema:
        """See Shape."""
        return {
            "anyOf": [
                {"enum": [*SIMPLE_TYPES, *(f"{name}?" for name in SIMPLE_TYPES)]},
                {"type": "string", "minLength": 1, "pattern": r"^(\[[^\[\]?]+\]|[^\[\]?]+)\??$"},
                {"type": "array", "items": {"type": "string", "pattern": r"^[^\[\]?]+$"}, "minItems": 1, "maxItems": 1},
            ]
        }

    def _named(self, name: str, path: KeyPath, findings: Findings, *, is_list: bool, is_optional: bool) -> Any:
        simple = _simple_like(name)
        if simple and simple != name:
            message = f"The type `{shown(name)}` is written `{simple}`"
            findings.add(
                fault_codes.BAD_TYPE,
                message,
                path,
                expected=simple,
                found=name,
                help=f"did you mean `{simple}`?",
                replacement=simple,
            )
            return BAD
        return TypeRef(name, is_list, is_optional) if _TYPE_NAME.read(name, path, findings) is not BAD else BAD


class Duration(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time such as `200ms`, `2s`, `1m` or `1h`, up to a day. Read as seconds."""

    zero: bool = False
    example: str = "2s"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else -1.0
        if match is None or seconds > 86_400 or (seconds <= 0 and not self.zero):
            found = shown(str(value))
            message = f"{key_words(path)} is `{found}`, not a duration" + (" between 1ms and 24h" if match else "")
            findings.add(
                fault_codes.BAD_DURATION,
                message,
                path,
                expected="a duration",
                found=found,
                help="write a number with its unit: 200ms, 2s, 1m or 1h",
            )
            return BAD
        return seconds

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$", "examples": ["200ms", "2s", "1m", "1h"]}


class Target(msgspec.Struct, frozen=True):
    """The left side of a mapping: a variable, or a path of fields into one (`Rate.value`)."""

    def read_key(self, name: str, path: KeyPath, findings: Findings) -> bool:
        """Check a target that stands as a key."""
        parts = name.split(".")
        if all(part and part == part.strip() for part in parts):
            return True
        message = f"`{shown(name)}` is no target: it takes a variable, or a path of fields into one"
        findings.add(fault_codes.BAD_TARGET, message, path, at_key=True, expected="Variable.field", found=shown(name))
        return False

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": r"^[^.\s]([^.]*[^.\s])?(\.[^.\s]([^.]*[^.\s])?)*$"}


class Condition(msgspec.Struct, frozen=True):
    """A formula, written with its `=`. Read as all that follows it."""

    example: str = "= RequestBO.amount > 100"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        formula = formula_of(value)
        if formula and formula.strip():
            return formula
        hint = (
            f"write `= {shown(value)}`"
            if isinstance(value, str) and value and formula is None
            else f"write `{self.example}`"
        )
        message = f"{key_words(path)} takes a formula, which begins with `=`"
        findings.add(fault_codes.NOT_A_FORMULA, message, path, expected="a formula", found=shown(str(value)), help=hint)
        return BAD

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": r"^=\s*\S"}


class FilePath(msgspec.Struct, frozen=True):
    """The path of one of the app's shared files, relative to the app's folder."""

    example: str = "files/data.sql"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        parts = value.split("/") if isinstance(value, str) else []
        reason = next((wrong for part in parts if (wrong := wrong_with(part))), "")
        if len(parts) > 1 and parts[0] == "files" and not reason:
            return value
        message = f"{key_words(path)} names a file of the app, below `files/`" + (f": {reason}" if reason else "")
        findings.add(
            fault_codes.BAD_VALUE,
            message,
            path,
            expected="files/…",
            found=shown(str(value)),
            help=f"write a path such as {self.example}",
        )
        return BAD

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": r"^files(/[^/\\]+)+$"}


_TYPE_HELP: Final = 'a type is X, X?, [X] or "[X]?"'


def _bad_type(path: KeyPath, found: str, findings: Findings) -> Any:
    message = f"{key_words(path)} is not a type"
    findings.add(fault_codes.BAD_TYPE, message, path, expected="a type", found=found, help=_TYPE_HELP)
    return BAD


def _simple_like(name: str) -> str | None:
    return _SIMPLE_BY_LETTERS.get(re.sub("[-_ ]", "", name).lower())


def _joins(character: str) -> bool:
    """Zero-width joiners shape the words of several scripts; they do not print and belong in names."""
    return character in "\u200c\u200d"
