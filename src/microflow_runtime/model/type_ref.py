"""How a definition names a type: a simple type or a Business Object, perhaps in a list, perhaps missing."""

from typing import Final

import msgspec

SIMPLE_TYPES: Final = ("string", "integer", "decimal", "boolean", "date", "time", "date-time", "duration")


class TypeRef(msgspec.Struct, frozen=True):
    """`X`, `X?`, `[X]` or `[X]?`. `name` is a simple type or the name of a Business Object."""

    name: str
    is_list: bool = False
    is_optional: bool = False

    @property
    def is_simple(self) -> bool:
        """Tell whether this is a type of the language itself."""
        return self.name in SIMPLE_TYPES

    def __str__(self) -> str:
        inner = f"[{self.name}]" if self.is_list else self.name
        return inner + "?" if self.is_optional else inner
