"""Which names a part of a formula takes from outside itself."""

from typing import Any

import msgspec

from microflow_runtime.feel.check.bindings import Local


def outside_locals(node: object) -> frozenset[int]:
    """Give the identities of the formula's own names that a checked part reads but does not declare."""
    declared: set[int] = set()
    read: set[int] = set()
    waiting: list[Any] = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting.extend(part)
        elif isinstance(part, msgspec.Struct):
            for field in part.__struct_fields__:
                value = getattr(part, field)
                if field == "binding" and type(part).__name__ == "Name":
                    read.update(_read(value))
                elif isinstance(value, Local):
                    declared.add(id(value))
                elif field not in {"type", "resolved"}:
                    waiting.append(value)
    return frozenset(read - declared)


def _read(binding: Any) -> set[int]:
    found: set[int] = set()
    while binding is not None:
        if isinstance(binding, Local):
            found.add(id(binding))
        item = getattr(binding, "item", None)
        if item is not None:
            found.add(id(item))
        binding = getattr(binding, "otherwise", None)
    return found
