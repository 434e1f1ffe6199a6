"""Delimited text (CSV, RFC 4180): cells between separators, in quotes where they hold one."""

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from microflow_runtime.formats.bad_records import BadRecords
from microflow_runtime.formats.cells import text_reader, text_writer
from microflow_runtime.formats.layout import Layout, RowMisfit
from microflow_runtime.formats.lines import TextTarget, text_lines
from microflow_runtime.formats.tables import Record, Row, table_records


def read_delimited(file: BinaryIO, layout: Layout, bad: BadRecords | None = None) -> Iterator[Record]:
    """Give the records of a file. Raises RowMisfit."""
    return table_records(_rows(file, layout), layout, text_reader, is_even=True, bad=bad)


def _rows(file: BinaryIO, layout: Layout) -> Iterator[Row]:
    number = 0
    reader = csv.reader(text_lines(file, layout.encoding), strict=True, **_dialect(layout))
    try:
        for cells in reader:
            number += 1
            yield number, cells
    except csv.Error as error:
        raise RowMisfit(number + 1, f"it is no delimited row: {error}") from error
    except RowMisfit as misfit:
        misfit.row += number - reader.line_num
        raise


def _dialect(layout: Layout) -> dict[str, Any]:
    if not layout.quote:
        return {"delimiter": layout.separator, "quoting": csv.QUOTE_NONE, "quotechar": None}
    return {"delimiter": layout.separator, "quotechar": layout.quote}


def write_delimited(
    target: BinaryIO, layout: Layout, records: Sequence[dict[str, Any]], go_on: Callable[[], None], *, header: bool
) -> None:
    """Write records as rows. Raises RowMisfit for a value that cannot be written so."""
    text = TextTarget(target, layout.encoding)
    writer = csv.writer(text, lineterminator=layout.line_end, **_dialect(layout))
    columns = [
        (column.field.name, text_writer(column.field, layout.decimal_sign, layout.dates)) for column in layout.columns
    ]
    number = 0
    try:
        if header:
            writer.writerow([column.label for column in layout.columns])
        for number, record in enumerate(records, 1):
            if not number % 500:
                go_on()
            writer.writerow(["" if (value := record[name]) is None else write(value) for name, write in columns])
    except csv.Error as error:
        raise RowMisfit(number, "it holds a separator, and there are no quotes to put it in") from error
    except UnicodeEncodeError as error:
        raise RowMisfit(number, f"it holds a character that {layout.encoding} does not have") from error
    text.flush()
