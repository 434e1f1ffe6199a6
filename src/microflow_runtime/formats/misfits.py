"""What a node tells of a row that is not as it should be."""

from decimal import Decimal

from microflow_runtime.errors import NodeError
from microflow_runtime.formats.layout import RowMisfit


def file_misfit(name: str, misfit: RowMisfit) -> NodeError:
    """Give the error of kind `file.format`, with file, row and column in its data."""
    where = f'the file "{name}", row {misfit.row}'
    if misfit.column:
        where += f', column "{misfit.column}"'
    data = {"file": name, "row": Decimal(misfit.row), "column": misfit.column or None}
    return NodeError(f"{where}: {misfit.sentence}.", kind="file.format", data=data)
