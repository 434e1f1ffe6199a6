"""What a built-in function declares: its parameters, their types, the result, a sentence and examples that run."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from microflow_runtime.feel.types import ANY, Type

CAMUNDA: Final = "as in Camunda's FEEL"
OURS: Final = "of this runtime"
"""Whose a function is that the standard does not have."""

Result = Type | Callable[[Sequence[Type]], Type]


class Parameter(msgspec.Struct, frozen=True):
    """A parameter: its name, the types it accepts, and whether it may be left out.

    A null argument makes the whole call null, unless one of the types is optional.
    """

    name: str
    accepts: tuple[Type, ...]
    required: bool = True

    @property
    def takes_null(self) -> bool:
        """Tell whether the function itself deals with null here."""
        return any(kind.optional for kind in self.accepts)

    def words(self) -> str:
        """Name the accepted types for a message."""
        return " or ".join("any value" if kind is ANY else str(kind) for kind in self.accepts)


class Signature(msgspec.Struct, frozen=True):
    """One way to call a function. `call` takes the arguments in order, with types already checked.

    `variadic` repeats the last parameter; the items reach `call` as one list, and are of one kind where they are `alike`.
    `result` is a type, or a function that
    gives it for the types of the arguments.
    """

    parameters: tuple[Parameter, ...]
    result: Result
    call: Callable[..., Any]
    variadic: bool = False
    alike: bool = False

    def result_of(self, kinds: Sequence[Type]) -> Type:
        """Give the result type for arguments of these types."""
        return self.result if isinstance(self.result, Type) else self.result(kinds)

    def takes(self, count: int) -> bool:
        """Tell whether so many positional arguments fit."""
        if self.variadic:
            return count >= len(self.parameters)
        return sum(parameter.required for parameter in self.parameters) <= count <= len(self.parameters)


class BuiltIn(msgspec.Struct, frozen=True):
    """A built-in function. `constant` is False when equal arguments may give other results, as for `now()`.

    `extension` says whose it is where it is not of the standard.
    """

    name: str
    summary: str
    signatures: tuple[Signature, ...]
    examples: tuple[tuple[str, str], ...] = ()
    family: str = ""
    constant: bool = True
    extension: str = ""


def takes(name: str, *accepts: Type) -> Parameter:
    """Declare a parameter that has to be given."""
    return Parameter(name, accepts)


def may_take(name: str, *accepts: Type) -> Parameter:
    """Declare a parameter that may be left out."""
    return Parameter(name, accepts, required=False)
