"""Records into a file, each checked by its Business Object before anything is written."""

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final, Protocol

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.formats.delimited import write_delimited
from microflow_runtime.formats.fixed_width import write_fixed_width
from microflow_runtime.formats.json_lines import write_json_lines
from microflow_runtime.formats.layout import Layout, RowMisfit
from microflow_runtime.formats.misfits import file_misfit
from microflow_runtime.formats.tables import label_of
from microflow_runtime.formats.xlsx_writing import write_xlsx
from microflow_runtime.formats.xml_rows import write_xml_rows


class Write(Protocol):
    """How one format is written."""

    def __call__(
        self,
        target: BinaryIO,
        layout: Layout,
        records: list[dict[str, Any]],
        go_on: Callable[[], None],
        *,
        header: bool,
    ) -> None:
        """Write all records. Raises RowMisfit, whose row is the number of a record from 1."""
        ...


WRITERS: Final[Mapping[str, Write]] = {
    "delimited": write_delimited,
    "fixed width": write_fixed_width,
    "xlsx": write_xlsx,
    "xml": write_xml_rows,
    "json lines": write_json_lines,
}
"""How each format is written."""


def write_records(
    target: BinaryIO,
    layout: Layout,
    values: list[Any],
    name: str,
    go_on: Callable[[], None],
    *,
    header: bool,
) -> int:
    """Write a list of values as records; give how many they are. Blocks.

    Raises NodeError of kind `file.format` when a value is no such record, or cannot stand in such a file. The row of the
    error is the number of the record in the list, from 1.
    """
    try:
        records = layout.bo_class.adopt_many(values)
    except Misfit as misfit:
        index, *inner = misfit.path
        assert isinstance(index, int), "what takes a list over says where in it"
        column = label_of(layout, str(inner[0])) if inner else ""
        misfit.path = tuple(inner[1:])
        raise file_misfit(name, RowMisfit(index + 1, misfit.sentence(), column)) from misfit
    try:
        WRITERS[layout.format](target, layout, records, go_on, header=header and layout.header)
    except Misfit as misfit:
        raise file_misfit(name, RowMisfit(1, misfit.sentence())) from misfit
    except RowMisfit as misfit:
        raise file_misfit(name, misfit) from misfit
    return len(records)
