"""The settings that say how records stand in a file, and what can be wrong with them before anything runs."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from microflow_runtime.compiler.business_objects import BoClass
from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.formats.cells import wrong_with_dates
from microflow_runtime.formats.layout import Column, Layout
from microflow_runtime.formats.xlsx_writing import wrong_with_sheet
from microflow_runtime.model.business_object import Field
from microflow_runtime.text import UnknownEncoding, find_encoding

_TEXTS: Final = ("delimited", "fixed width")
_LINES: Final = (*_TEXTS, "json lines")
_TABLES: Final = ("delimited", "fixed width", "xlsx")
_ALL_BUT_JSON: Final = (*_TABLES, "xml")
_ONLY: Final[Mapping[str, tuple[str, ...]]] = {
    "columns": _ALL_BUT_JSON,
    "separator": ("delimited",),
    "quote": ("delimited",),
    "encoding": _LINES,
    "line_end": _TEXTS,
    "header": _TABLES,
    "decimal_sign": _ALL_BUT_JSON,
    "dates": _ALL_BUT_JSON,
    "sheet": ("xlsx",),
    "row": ("xml",),
    "root": ("xml",),
}
"""Settings that not every format takes."""
_XML_NAME: Final = re.compile(r"[^\W\d][\w.-]*")
_RANGE: Final = re.compile(r"([1-9][0-9]{0,5})-([1-9][0-9]{0,5})")
_LONE_SIGNS: Final = re.compile(r"[^\r\n\"']")


def _about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class FormatSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How records stand in a file. Reading and writing know the same."""

    format: Annotated[
        Literal["delimited", "fixed width", "xlsx", "xml", "json lines"], _about("What kind of file it is.")
    ]
    record: Annotated[str, _about("The Business Object that a record is.")]
    columns: Annotated[
        dict[str, str | int],
        _about(
            "Where fields stand: `field: name in the header` or its position from 1; of a fixed width, its width or its characters as `1-8`; in XML, an element as `price`, `@id` or `address/city`. Every field by its own name unless said."
        ),
    ] = {}
    separator: Annotated[str, _about("What stands between cells; `,` unless said.")] = ","
    quote: Annotated[
        str, _about('What stands around cells that hold a separator; `"` unless said, empty for none.')
    ] = '"'
    encoding: Annotated[str, _about("How characters are written; `utf-8` unless said.")] = "utf-8"
    header: Annotated[
        bool | None, _about("Whether the first row names the columns; true unless said, but not for fixed width.")
    ] = None
    decimal_sign: Annotated[Literal[".", ","], _about("What stands before the fraction of a number.")] = "."
    dates: Annotated[str, _about("How dates are written, as `DD/MM/YYYY`; `YYYY-MM-DD` unless said.")] = ""
    sheet: Annotated[str | int, _about("The name of a sheet, or its number from 1.")] = 1
    row: Annotated[str, _about("The name of the element that is a record; `row` unless said.")] = "row"


def check_layout(context: NodeContext, settings: FormatSettings) -> Layout | None:
    """Check how records stand in a file; None after a fault, which is then told."""
    before = len(context.faults.faults)
    written = context.node.settings
    for key, formats in _ONLY.items():
        if key in written and settings.format not in formats:
            context.fault(
                "MF-D161", f"A file of the format {settings.format} has no `{key}`.", key, at_key=True,
                help=f"it belongs to {', '.join(formats)}",
            )  # fmt: skip
    bo_class = _record(context, settings)
    _check_signs(context, settings)
    if bo_class is None:
        return None
    columns = _columns(context, settings, bo_class) if settings.format != "json lines" else []
    if len(context.faults.faults) > before:
        return None
    header = settings.format != "fixed width" if settings.header is None else settings.header
    return Layout(
        format=settings.format,
        bo_class=bo_class,
        columns=tuple(columns),
        separator=settings.separator,
        quote=settings.quote,
        encoding=find_encoding(settings.encoding).name,
        line_end="\n" if getattr(settings, "line_end", "crlf") == "lf" else "\r\n",
        header=header,
        skip=getattr(settings, "skip", 0),
        decimal_sign=settings.decimal_sign,
        dates=settings.dates,
        sheet=settings.sheet,
        row=settings.row,
        root=getattr(settings, "root", "rows"),
    )


def _record(context: NodeContext, settings: FormatSettings) -> BoClass | None:
    ref = context.declared_type(settings.record, "record")
    if ref is None:
        return None
    if ref.is_simple or ref.is_list or ref.is_optional:
        context.fault("MF-D160", "A record is a Business Object.", "record", help="write its name alone")
        return None
    return context.classes[ref.name]


def _check_signs(context: NodeContext, settings: FormatSettings) -> None:
    if not _LONE_SIGNS.fullmatch(settings.separator):
        context.fault("MF-D162", "A separator is one character, and no quote.", "separator", help='as ";" or "\\t"')
    if settings.quote and (
        len(settings.quote) != 1 or settings.quote in "\r\n" or settings.quote == settings.separator
    ):
        context.fault("MF-D162", "A quote is one character, and not the separator.", "quote")
    try:
        find_encoding(settings.encoding)
    except UnknownEncoding as error:
        near = (
            f'did you mean "{error.suggestion}"?' if error.suggestion else "as UTF-8, UTF-16, windows-874, ISO-8859-15"
        )
        context.fault("MF-D162", f"There is no encoding `{settings.encoding}` here.", "encoding", help=near)
    if settings.dates and (reason := wrong_with_dates(settings.dates)):
        context.fault("MF-D162", f"`{settings.dates}` is no way to write dates: {reason}.", "dates")
    if isinstance(settings.sheet, int):
        if settings.sheet < 1:
            context.fault("MF-D162", "Sheets are counted from 1.", "sheet")
    elif reason := wrong_with_sheet(settings.sheet):
        context.fault("MF-D162", f"No sheet is called so: {reason}.", "sheet")
    for key in ("row", "root"):
        name = getattr(settings, key, "row")
        if not _XML_NAME.fullmatch(name):
            context.fault("MF-D162", f"`{name}` is no name of an element.", key)


def _columns(context: NodeContext, settings: FormatSettings, bo_class: BoClass) -> list[Column]:
    fields = {field.name: field for field in bo_class.definition.fields}
    chosen: Mapping[str, str | int] = settings.columns
    if not chosen:
        if settings.format == "fixed width":
            context.fault(
                "MF-D163", "A file of fixed width has `columns`.", help="give each field its width: `columns: {sku: 8}`"
            )
            return []
        chosen = {name: name for name in fields}
    found: list[Column] = []
    place = _Placing(settings)
    for name, written in chosen.items():
        field = fields.get(name)
        key = ("columns", name) if name in settings.columns else ("record",)
        if field is None:
            message = f"{bo_class.name} has no field {name}."
            context.fault("MF-D163", message, *key, at_key=True, help=did_you_mean(name, fields))
        elif field.type.is_list or not field.type.is_simple:
            message = f"The field {name} is no single value, so that no cell holds it."
            context.fault("MF-D163", message, *key, help="name the other fields in `columns`, or use json lines")
        else:
            column = place(field, written, len(found))
            if isinstance(column, str):
                context.fault("MF-D163", f"`{written}` is no place of a field: {column}.", *key)
            else:
                found.append(column)
    for name, field in fields.items():
        if name not in chosen and _must_be_given(field):
            context.fault(
                "MF-D163", f"The field {name} of {bo_class.name} must have a value, and no column.", "columns"
            )
    _check_twice(context, found)
    return found


def _must_be_given(field: Field) -> bool:
    return not (field.type.is_optional or field.type.is_list or field.default is not msgspec.UNSET)


def _check_twice(context: NodeContext, columns: list[Column]) -> None:
    seen: dict[Any, str] = {}
    for column in columns:
        if column.place in seen:
            message = f"{seen[column.place]} and {column.field.name} stand at the same place."
            context.fault("MF-D163", message, "columns", column.field.name)
        seen[column.place] = column.field.name


class _Placing:
    """Makes columns of what is written for them; those of a fixed width may stand behind each other."""

    def __init__(self, settings: FormatSettings) -> None:
        self._format = settings.format
        self._has_header = settings.header is not False
        self._end = 0

    def __call__(self, field: Field, written: str | int, index: int) -> Column | str:
        """Give the column, or what is wrong."""
        if self._format == "fixed width":
            return self._characters(field, written)
        if self._format == "xml":
            return self._path(field, written)
        if isinstance(written, int):
            if written < 1:
                return "positions are counted from 1"
            return Column(field=field, label=field.name, place=written - 1)
        if not written.strip():
            return "it is empty"
        place = written.strip() if self._has_header else index
        return Column(field=field, label=written, place=place)

    def _characters(self, field: Field, written: str | int) -> Column | str:
        if isinstance(written, int):
            start, end = self._end, self._end + written
        else:
            match = _RANGE.fullmatch(written)
            if match is None:
                return "it is a width, or the first and the last character as `1-8`"
            start, end = int(match[1]) - 1, int(match[2])
        if not 0 <= start < end <= 100_000:
            return "its last character is behind its first, and a line has at most 100000"
        self._end = end
        return Column(field=field, label=field.name, place=(start, end))

    def _path(self, field: Field, written: str | int) -> Column | str:
        parts = str(written).split("/")
        for number, part in enumerate(parts, 1):
            name = part.removeprefix("@") if number == len(parts) else part
            if not _XML_NAME.fullmatch(name):
                return "it is the name of an element, of an attribute as `@id`, or a way there as `address/city`"
        return Column(field=field, label=str(written), place=tuple(parts))
