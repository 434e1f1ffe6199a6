"""How records stand in a file, as a node says it, checked."""

from typing import Any, Final

import msgspec

from microflow_runtime.compiler.business_objects import BoClass
from microflow_runtime.model.business_object import Field

MOST_ROW_CHARACTERS: Final = 1024 * 1024
"""How long a row may be, in characters; bytes where a format has them."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """Where one field of a record stands. `label` is what errors and headers call it.

    `place` is a name of the header or a position from 0 (delimited, xlsx), the first character and the one behind the last
    (fixed width), or the names on the way to an element or attribute (xml).
    """

    field: Field
    label: str
    place: Any


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that reading and writing a file of records needs to know. `columns` is empty for JSON lines.

    `leaves_out` says that a record which does not fit is left out and told, where else it ends the reading.
    """

    format: str
    bo_class: BoClass
    columns: tuple[Column, ...] = ()
    separator: str = ","
    quote: str = '"'
    encoding: str = "UTF-8"
    line_end: str = "\r\n"
    header: bool = True
    skip: int = 0
    leaves_out: bool = False
    decimal_sign: str = "."
    dates: str = ""
    sheet: str | int = 1
    row: str = "row"
    root: str = "rows"


class RowMisfit(Exception):
    """A row of a file is not as it should be. `row` counts from 1, `column` is empty where it is the whole row."""

    def __init__(self, row: int, sentence: str, column: str = "") -> None:
        super().__init__(row, sentence, column)
        self.row = row
        self.sentence = sentence
        self.column = column
