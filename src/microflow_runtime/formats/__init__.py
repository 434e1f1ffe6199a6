"""Records in files: delimited, of fixed width, xlsx, XML and JSON lines, read and written row by row by Business Objects.

Data is never evaluated: a cell that looks like a formula is a text. Nothing here knows how a file is reached.

Others use: `FormatSettings`, `Layout`, `check_layout`, `RecordReader`, `write_records`; and of the connection that a node
names `check_connection`, `check_name`, `right_check`, `name_of`.
"""

from microflow_runtime.formats.checking import FormatSettings, check_layout
from microflow_runtime.formats.connection import check_connection, check_name, name_of, right_check
from microflow_runtime.formats.layout import Layout
from microflow_runtime.formats.reading import RecordReader
from microflow_runtime.formats.writing import write_records

__all__ = [
    "FormatSettings",
    "Layout",
    "RecordReader",
    "check_connection",
    "check_layout",
    "check_name",
    "name_of",
    "right_check",
    "write_records",
]
