"""JSON lines: a JSON object a line, with everything that a Business Object can hold."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from microflow_runtime.compiler.business_objects import decode_json, encode_json
from microflow_runtime.errors import BadRequest
from microflow_runtime.formats.layout import Layout, RowMisfit
from microflow_runtime.formats.lines import TextTarget, text_lines
from microflow_runtime.formats.tables import Record


def read_json_lines(file: BinaryIO, layout: Layout) -> Iterator[Record]:
    """Give the records of a file. Raises RowMisfit."""
    for number, line in enumerate(text_lines(file, layout.encoding, newline="\n"), 1):
        if number <= layout.skip or not line.strip():
            continue
        try:
            record = decode_json(line.encode())
        except BadRequest as error:
            told = error.message.removeprefix("The body ").rstrip(".")
            raise RowMisfit(number, f"the line {told}") from error
        if type(record) is not dict:
            raise RowMisfit(number, "the line is JSON, but no object")
        yield number, record


def write_json_lines(
    target: BinaryIO, layout: Layout, records: Sequence[dict[str, Any]], go_on: Callable[[], None], *, header: bool
) -> None:
    """Write records as lines; there is never a header. Raises RowMisfit for a character that the encoding does not have."""
    del header
    write = layout.bo_class.write
    text = TextTarget(target, layout.encoding)
    for number, record in enumerate(records, 1):
        if number % 500 == 1:
            go_on()
        try:
            text.write(encode_json(write(record)).decode() + "\n")
        except UnicodeEncodeError as error:
            raise RowMisfit(number, f"it holds a character that {layout.encoding} does not have") from error
    text.flush()
