"""JSON lines: a JSON object a line, with everything that a Business Object can hold."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from microflow_runtime.compiler.business_objects import decode_json, encode_json
from microflow_runtime.errors import BadRequest
from microflow_runtime.formats.layout import Layout, RowMisfit
from microflow_runtime.formats.lines import byte_lines
from microflow_runtime.formats.tables import Record

_MARK: bytes = b"\xef\xbb\xbf"


def read_json_lines(file: BinaryIO, layout: Layout) -> Iterator[Record]:
    """Give the records of a file. Raises RowMisfit."""
    for number, line in enumerate(byte_lines(file), 1):
        text = line.removeprefix(_MARK) if number == 1 else line
        if number <= layout.skip or not text.strip():
            continue
        try:
            record = decode_json(text)
        except BadRequest as error:
            told = error.message.removeprefix("The body ").rstrip(".")
            raise RowMisfit(number, f"the line {told}") from error
        if type(record) is not dict:
            raise RowMisfit(number, "the line is JSON, but no object")
        yield number, record


def write_json_lines(
    target: BinaryIO, layout: Layout, records: Sequence[dict[str, Any]], go_on: Callable[[], None], *, header: bool
) -> None:
    """Write records as lines; there is never a header."""
    del header
    write = layout.bo_class.write
    for begin in range(0, len(records), 500):
        go_on()
        target.write(b"".join(encode_json(write(record)) + b"\n" for record in records[begin : begin + 500]))
