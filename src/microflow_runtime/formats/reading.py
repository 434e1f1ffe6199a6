"""Records out of a file, some hundred at a time, each as its Business Object has it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from microflow_runtime.compiler.business_objects import Misfit, Notes
from microflow_runtime.errors import NodeError
from microflow_runtime.formats.bad_records import BadRecords
from microflow_runtime.formats.delimited import read_delimited
from microflow_runtime.formats.fixed_width import read_fixed_width
from microflow_runtime.formats.json_lines import read_json_lines
from microflow_runtime.formats.layout import Layout, RowMisfit
from microflow_runtime.formats.misfits import file_misfit
from microflow_runtime.formats.tables import Record, label_of
from microflow_runtime.formats.xlsx import read_xlsx
from microflow_runtime.formats.xml_rows import read_xml_rows

READERS: Final[Mapping[str, Callable[..., Iterator[Record]]]] = {
    "delimited": read_delimited,
    "fixed width": read_fixed_width,
    "xlsx": read_xlsx,
    "xml": read_xml_rows,
    "json lines": read_json_lines,
}
"""How each format is read: from a file, by a layout; tables also take what notes records that are left out."""


class RecordReader:
    """Reads one file from its beginning. `name` is what errors call it."""

    def __init__(self, file: BinaryIO, layout: Layout, name: str) -> None:
        self.bad = BadRecords(shows_cells=not layout.bo_class.is_holder) if layout.leaves_out else None
        self._records = READERS[layout.format](file, layout, *([self.bad] if self.bad is not None else []))
        self._layout = layout
        self._name = name
        self._failure: NodeError | None = None

    def take(self, most: int) -> list[dict[str, Any]]:
        """Give the next records, at most so many; none at the end. Blocks. Records that are left out are in `bad`.

        Raises NodeError of kind `file.format` when the next one does not fit; those before it have been given.
        """
        if self._failure is not None:
            raise self._failure
        numbers: list[int] = []
        given: list[dict[str, Any]] = []
        try:
            for number, record in self._records:
                numbers.append(number)
                given.append(record)
                if len(given) >= most:
                    break
        except RowMisfit as misfit:
            self._failure = file_misfit(self._name, misfit)
        records = self._read(given, numbers)
        if not records and self._failure is not None:
            raise self._failure
        if not records and given:
            return self.take(most)  # all of them were left out
        return records

    def _read(self, given: list[dict[str, Any]], numbers: list[int]) -> list[dict[str, Any]]:
        """Return what the Business Object makes of records; up to the first that does not fit, or without those."""
        read, taken = self._layout.bo_class.read_many, []
        begin = 0
        while True:
            try:
                taken += read(given[begin:] if begin else given, Notes())
                break
            except Misfit as misfit:
                index, *inner = misfit.path
                assert isinstance(index, int), "what reads a list says where in it"
                column = label_of(self._layout, str(inner[0])) if inner else ""
                misfit.path = tuple(inner[1:]) if column else ()
                taken += read(given[begin : begin + index], Notes())
                begin += index
                if self.bad is None:
                    self._failure = file_misfit(self._name, RowMisfit(numbers[begin], misfit.sentence(), column))
                    break
                self.bad.add(numbers[begin], column, misfit.sentence())
                begin += 1
        if self.bad is not None:
            self.bad.forget()
        return taken

    def close(self) -> None:
        """Let go of the file."""
        close = getattr(self._records, "close", None)
        if close is not None:
            close()
