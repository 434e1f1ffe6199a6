"""Rows of cells as records: which cell is which field, by the header or by position."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import UNSET

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.formats.bad_records import BadRecords
from microflow_runtime.formats.cells import blank_of
from microflow_runtime.formats.layout import Layout, RowMisfit
from microflow_runtime.formats.sheet_cells import BadCell

Row = tuple[int, Sequence[Any]]
"""The number of a row in its file, from 1, and its cells; a cell that is empty is `""` or None."""
Record = tuple[int, dict[str, Any]]
"""The number of a row, and the record as a Business Object reads it."""
MakeReader = Callable[..., Callable[[Any], Any]]


def table_records(
    rows: Iterator[Row], layout: Layout, make_reader: MakeReader, *, is_even: bool, bad: BadRecords | None = None
) -> Iterator[Record]:
    """Give the records of a table. With `is_even` each row has as many cells as the first.

    Raises RowMisfit; with `bad` that takes note of a row which does not fit, and the next one is read.
    """
    rest = _after(rows, layout.skip)
    width = -1
    if layout.header:
        found = next(rest, None)
        if found is None:
            raise RowMisfit(layout.skip + 1, "the file ends before its header")
        number, cells = found
        broken = next((cell for cell in cells if type(cell) is BadCell), None)
        if broken is not None:
            raise RowMisfit(number, f"a cell of the header: {broken.misfit.sentence()}")
        names = [str(cell).strip() if cell is not None else "" for cell in cells]
        width = len(names)
        places = _places(number, names, layout)
    else:
        places = [column.place for column in layout.columns]
    wanted = [
        (column.field.name, place, make_reader(column.field, layout.decimal_sign, layout.dates), blank_of(column.field))
        for column, place in zip(layout.columns, places, strict=True)
        if place >= 0
    ]
    for number, cells in rest:
        if bad is not None:
            bad.seen(number, cells)
        if len(cells) != width and is_even:
            if width >= 0:
                misfit = RowMisfit(number, f"it has {len(cells)} cells, and the first row {width}")
                if bad is None:
                    raise misfit
                bad.add(number, "", misfit.sentence)
                continue
            width = len(cells)
        try:
            record = _record(number, cells, wanted, layout)
        except RowMisfit as misfit:
            if bad is None:
                raise
            bad.add(number, misfit.column, misfit.sentence)
            continue
        yield number, record


def _record(number: int, cells: Sequence[Any], wanted: Sequence[tuple[str, int, Any, Any]], layout: Layout) -> Any:
    record: dict[str, Any] = {}
    count = len(cells)
    name = ""
    try:
        for name, place, read, blank in wanted:
            cell = cells[place] if place < count else None
            record[name] = blank if cell is None or cell == "" else read(cell)
    except Misfit as misfit:
        told = layout.bo_class.hide(name, misfit).sentence()
        raise RowMisfit(number, told, label_of(layout, name)) from misfit
    return record


def label_of(layout: Layout, field: str) -> str:
    """Give what the file calls a field."""
    return next((column.label for column in layout.columns if column.field.name == field), field)


def _after(rows: Iterator[Row], skipped: int) -> Iterator[Row]:
    """Leave out the first rows, then those that are empty."""
    for number, cells in rows:
        if number > skipped and any(cell is not None and cell != "" for cell in cells):
            yield number, cells


def _places(number: int, names: list[str], layout: Layout) -> list[int]:
    """Find the columns in the header; -1 for one that is not there and need not be."""
    places = []
    for column in layout.columns:
        if isinstance(column.place, int):
            places.append(column.place)
            continue
        count = names.count(column.place)
        if count > 1:
            raise RowMisfit(number, "the header names it more than once", column.label)
        if not count and not column.field.type.is_optional and column.field.default is UNSET:
            raise RowMisfit(number, "the header does not name it", column.label)
        places.append(names.index(column.place) if count else -1)
    return places
