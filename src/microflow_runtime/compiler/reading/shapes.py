"""What a value of a definition file may look like. One shape reads the value, names its faults and gives its JSON Schema."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.findings import (
    Findings,
    KeyPath,
    described,
    key_words,
    nearest,
    owner_words,
    shown,
)

Schema = dict[str, Any]


class _Bad:
    def __repr__(self) -> str:
        return "BAD"


BAD: Final = _Bad()


class Shape(Protocol):
    """One kind of value. `example` stands in the help of a fault that misses it."""

    @property
    def example(self) -> str:
        """Give a short value of this shape, as it is written in a file."""

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """Give what the model holds for `value`, or BAD after adding what is wrong with it to `findings`."""

    def schema(self) -> Schema:
        """Give the JSON Schema of the values that `read` takes."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text; `words` limits it to a few, `empty` allows `""`."""

    words: tuple[str, ...] = ()
    empty: bool = True
    example: str = "…"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, str):
            hint = "put it in quotes" if isinstance(value, bool | int) or hasattr(value, "as_tuple") else ""
            findings.wrong_kind(path, "a text", value, help=hint)
            return BAD
        if not value and not self.empty:
            findings.add(fault_codes.BAD_VALUE, f"{key_words(path)} is empty", path, expected="a text", found="nothing")
            return BAD
        if self.words and value not in self.words:
            _not_one_of(value, self.words, path, findings)
            return BAD
        return value

    def schema(self) -> Schema:
        """See Shape."""
        if self.words:
            return {"enum": list(self.words)}
        return {"type": "string"} if self.empty else {"type": "string", "minLength": 1}


class Truth(msgspec.Struct, frozen=True):
    """`true` or `false`."""

    example: str = "true"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if isinstance(value, bool):
            return value
        findings.wrong_kind(path, "true or false", value)
        return BAD

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "boolean"}


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """A whole number within bounds, both inclusive."""

    least: int = 0
    most: int = 2**53

    @property
    def example(self) -> str:
        """See Shape."""
        return str(max(self.least, 1))

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if isinstance(value, bool) or not isinstance(value, int):
            findings.wrong_kind(path, "a whole number", value)
            return BAD
        if not self.least <= value <= self.most:
            bounds = f"{self.least} to {self.most}"
            message = f"{key_words(path)} is {described(value)}; it takes {bounds}"
            findings.add(fault_codes.BAD_VALUE, message, path, expected=bounds, found=str(value))
            return BAD
        return value

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Anything(msgspec.Struct, frozen=True):
    """Any value; what it means is somebody else's to check."""

    example: str = "…"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:  # noqa: ARG002 - the protocol's
        """See Shape."""
        return value

    def schema(self) -> Schema:
        """See Shape."""
        return {}


class ListOf(msgspec.Struct, frozen=True, kw_only=True):
    """A list whose items have one shape; with `lone`, one item may stand without its list. Read as a tuple."""

    item: Any
    lone: bool = False
    empty: bool = True

    @property
    def example(self) -> str:
        """See Shape."""
        return f"[{self.item.example}]"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if self.lone and not isinstance(value, list):
            read = self.item.read(value, path, findings)
            return BAD if read is BAD else (read,)
        if not isinstance(value, list):
            findings.wrong_kind(path, "a list", value, help="begin each item with `- `")
            return BAD
        if not value and not self.empty:
            findings.add(fault_codes.BAD_VALUE, f"{key_words(path)} has no items", path, expected="a list with items")
            return BAD
        items = [self.item.read(item, (*path, position), findings) for position, item in enumerate(value)]
        return BAD if any(item is BAD for item in items) else tuple(items)

    def schema(self) -> Schema:
        """See Shape."""
        several = {"type": "array", "items": self.item.schema()} | ({} if self.empty else {"minItems": 1})
        return {"anyOf": [self.item.schema(), several]} if self.lone else several


class MapOf(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping of names to values of one shape, in the order they are written. `what` is the word for one entry."""

    value: Any
    key: Any = None
    empty: bool = True
    what: str = "entry"

    @property
    def example(self) -> str:
        """See Shape."""
        return "{…}"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, dict):
            findings.wrong_kind(path, "a mapping of keys to values", value)
            return BAD
        if not value and not self.empty:
            findings.add(
                fault_codes.BAD_VALUE,
                f"{key_words(path)} has no {self.what}",
                path,
                expected=f"at least one {self.what}",
            )
            return BAD
        entries: dict[str, Any] = {}
        whole = True
        for key, item in value.items():
            here = (*path, key)
            good_key = self.key is None or self.key.read_key(key, here, findings)
            read = self.value.read(item, here, findings)
            whole = whole and good_key and read is not BAD
            entries[key] = read
        return entries if whole else BAD

    def schema(self) -> Schema:
        """See Shape."""
        schema: Schema = {"type": "object", "additionalProperties": self.value.schema()}
        if self.key is not None:
            schema["propertyNames"] = self.key.schema()
        return schema if self.empty else schema | {"minProperties": 1}


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a record: its shape, the attribute of the model it fills, and the sentence that explains it."""

    name: str
    shape: Any
    description: str
    attribute: str
    required: bool = False


def key(name: str, shape: Any, description: str, *, attribute: str | None = None, required: bool = False) -> Key:
    """Declare a key of a record; it fills the attribute of its own name unless another is given."""
    return Key(name=name, shape=shape, description=description, attribute=attribute or name, required=required)


Check = Callable[[Mapping[str, Any], KeyPath, Findings], None]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping with known keys, read into `build(**attributes)`.

    `others` is the attribute that takes every key that is not declared; without it such a key is a fault. With
    `named_by_key` the record stands in a MapOf, and its attribute `name` is the key it stands at. `check` looks at
    keys that must agree; it sees the values as written. An optional key that is wrong counts as absent, so that what
    else is wrong can still be found; a required one makes the record BAD.
    """

    keys: tuple[Key, ...]
    build: Callable[..., Any]
    others: str = ""
    named_by_key: bool = False
    check: Check | None = None

    @property
    def example(self) -> str:
        """See Shape."""
        return "{…}"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, dict):
            findings.wrong_kind(path, "a mapping of keys to values", value)
            return BAD
        declared = {key.name: key for key in self.keys}
        attributes: dict[str, Any] = {"name": path[-1]} if self.named_by_key else {}
        others: dict[str, Any] = {}
        whole = True
        for name, item in value.items():
            key = declared.get(name)
            if key is None:
                others[name] = item
            elif item is not None:
                read = key.shape.read(item, (*path, name), findings)
                if read is not BAD:
                    attributes[key.attribute] = read
                elif key.required:
                    whole = False
        for key in self.keys:
            if key.required and value.get(key.name) is None:
                findings.missing_key(path, key.name, key.shape.example)
                whole = False
        if self.others:
            attributes[self.others] = others
        else:
            for name in others:
                findings.unknown_key(
                    (*path, name), [key.name for key in self.keys if key.name not in value] or list(declared)
                )
        if self.check is not None:
            self.check(value, path, findings)
        return self.build(**attributes) if whole else BAD

    def schema(self) -> Schema:
        """See Shape."""
        properties = {key.name: {"description": key.description} | key.shape.schema() for key in self.keys}
        schema: Schema = {"type": "object", "properties": properties}
        if required := [key.name for key in self.keys if key.required]:
            schema["required"] = required
        return schema if self.others else schema | {"additionalProperties": False}


def _not_one_of(value: str, words: tuple[str, ...], path: KeyPath, findings: Findings) -> None:
    near = nearest(value, words)
    findings.add(
        fault_codes.BAD_VALUE,
        f"`{shown(str(path[-1]))}` of {owner_words(path)} is none of {', '.join(words)}",
        path,
        expected=", ".join(words),
        found=shown(value),
        help=f"did you mean `{near}`?" if near else "",
        replacement=near,
    )
