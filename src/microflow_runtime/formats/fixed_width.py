"""Text of fixed width: each field has its characters of the line."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.formats.cells import blank_of, text_reader, text_writer
from microflow_runtime.formats.layout import Layout, RowMisfit
from microflow_runtime.formats.lines import TextTarget, text_lines
from microflow_runtime.formats.tables import Record, label_of


def read_fixed_width(file: BinaryIO, layout: Layout) -> Iterator[Record]:
    """Give the records of a file; blanks around a value are taken away. Raises RowMisfit."""
    wanted = [
        (
            column.field.name,
            *column.place,
            text_reader(column.field, layout.decimal_sign, layout.dates),
            blank_of(column.field),
        )
        for column in layout.columns
    ]
    first = layout.skip + (1 if layout.header else 0)
    for number, line in enumerate(text_lines(file, layout.encoding), 1):
        text = line.rstrip("\r\n")
        if number <= first or not text.strip():
            continue
        record: dict[str, Any] = {}
        name = ""
        try:
            for name, start, end, read, blank in wanted:
                cell = text[start:end].strip()
                record[name] = read(cell) if cell else blank
        except Misfit as misfit:
            told = layout.bo_class.hide(name, misfit).sentence()
            raise RowMisfit(number, told, label_of(layout, name)) from misfit
        yield number, record


def write_fixed_width(
    target: BinaryIO, layout: Layout, records: Sequence[dict[str, Any]], go_on: Callable[[], None], *, header: bool
) -> None:
    """Write records as lines: numbers to the right of their characters, everything else to the left. Raises RowMisfit."""
    columns = [
        (
            column.field.name,
            *column.place,
            text_writer(column.field, layout.decimal_sign, layout.dates),
            column.field.type.name in {"integer", "decimal"},
            column.label,
        )
        for column in layout.columns
    ]
    width = max(column.place[1] for column in layout.columns)
    text = TextTarget(target, layout.encoding)
    if header:
        names = [(start, end, label[: end - start], False) for _, start, end, _, _, label in columns]
        _write_line(text, names, width, layout, 0)
    for number, record in enumerate(records, 1):
        if not number % 500:
            go_on()
        cells = []
        for name, start, end, write, is_number, label in columns:
            value = record[name]
            cell = "" if value is None else write(value)
            if len(cell) > end - start:
                raise RowMisfit(number, f"it has {len(cell)} characters, and there is room for {end - start}", label)
            if "\n" in cell or "\r" in cell:
                raise RowMisfit(number, "it holds the end of a line", label)
            if cell != cell.strip():
                raise RowMisfit(number, "it begins or ends with a blank, which reading would take away", label)
            cells.append((start, end, cell, is_number))
        _write_line(text, cells, width, layout, number)
    text.flush()


def _write_line(
    text: TextTarget, cells: Sequence[tuple[int, int, str, bool]], width: int, layout: Layout, number: int
) -> None:
    line = [" "] * width
    for start, end, cell, is_right in cells:
        line[start:end] = cell.rjust(end - start) if is_right else cell.ljust(end - start)
    try:
        text.write("".join(line) + layout.line_end)
    except UnicodeEncodeError as error:
        raise RowMisfit(number, f"it holds a character that {layout.encoding} does not have") from error
