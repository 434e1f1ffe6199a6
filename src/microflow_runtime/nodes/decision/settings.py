"""What the author of a decision node writes: a table, or which decision of which DMN file."""

from typing import Annotated, Any, Final

import msgspec

from microflow_runtime.compiler.decisions import Aggregate, HitPolicy


def _about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class DecisionSettings(msgspec.Struct, frozen=True):
    """A table, or a file and a decision in it."""

    inputs: Annotated[
        dict[str, Any] | None,
        _about("What is tested: a label, and a formula or a mapping of `value`, `type` and `allowed`."),
    ] = None
    outputs: Annotated[
        dict[str, Any] | None,
        _about("What is given: a name, and a type or a mapping of `type`, `allowed` and `default`."),
    ] = None
    rules: Annotated[
        list[dict[str, Any]] | None,
        _about(
            "The rules: `when` has a cell of unary tests for each input, `then` a literal or formula for each output, "
            "both by name or as a list; `note` is for the reader."
        ),
    ] = None
    hit: Annotated[HitPolicy, _about("What is given when several rules hold; `unique` unless said.")] = "unique"
    aggregate: Annotated[
        Aggregate | None,
        _about("What `collect` makes of the outputs of all rules that hold; a list of them unless said."),
    ] = None
    file: Annotated[str, _about("A DMN file of the app, as `files/discount.dmn`, in place of a table.")] = ""
    decision: Annotated[str, _about("The decision in the file, by name or id.")] = ""


TABLE_KEYS: Final = ("inputs", "outputs", "rules")
